import { render } from "preact";
import { App } from "./app.ts";
import { html } from "./html.ts";
import { followNode } from "./live.ts";
import { startClock } from "./store.ts";

startClock();
render(html`<${App} />`, document.getElementById("app")!);
// Where browser and node share a small machine, asking the node meanwhile would hold up both.
addEventListener("load", followNode);
