import { render } from "preact";
import { App } from "./app.ts";
import { html } from "./html.ts";
import { followNode } from "./live.ts";
import { startClock } from "./store.ts";

startClock();
render(html`<${App} />`, document.getElementById("app")!);
// Asking the node while the page loads would hold up both on a small machine.
addEventListener("load", followNode);
