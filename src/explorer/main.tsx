import { render } from "preact";
import { App } from "./app.tsx";
import { keepFocus } from "./focus.ts";
import { laterPage } from "./later.ts";
import { followNode, live } from "./live.ts";
import { currentRoute } from "./route.ts";
import { rememberScroll } from "./scroll.ts";
import { noticeChain } from "./seen-chain.ts";
import * as shared from "./shared.ts";
import { startClock } from "./store.ts";
import { watchContacts } from "./wallet/contacts.ts";
import { watchTabs } from "./wallet/wallet.ts";

/** The longest time that the page stays empty while the node is slow. */
const patienceMs = 150;

Object.assign(globalThis, { ccoinShared: shared });
startClock();
rememberScroll();
keepFocus();
watchTabs();
watchContacts();
live.on(({ status }) => status && noticeChain(status));
// Usually the first answers are there by then, and the page is drawn only once.
await Promise.race([
  Promise.all([laterPage(currentRoute().page), followNode()]),
  new Promise((resolve) => setTimeout(resolve, patienceMs)),
]);
render(<App />, document.getElementById("app")!);
