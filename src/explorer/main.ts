import { render } from "preact";
import { App } from "./app.ts";
import { html } from "./html.ts";
import { followNode } from "./live.ts";

followNode();
render(html`<${App} />`, document.getElementById("app")!);
