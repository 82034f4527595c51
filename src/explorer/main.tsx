import { render } from "preact";
import { App } from "./app.tsx";
import { followNode } from "./live.ts";
import { startClock } from "./store.ts";

startClock();
render(<App />, document.getElementById("app")!);
// Asking the node while the page loads would hold up both on a small machine.
addEventListener("load", followNode);
