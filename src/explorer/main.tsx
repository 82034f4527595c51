import { render } from "preact";
import { App } from "./app.tsx";
import { keepFocus } from "./focus.ts";
import { followNode, live } from "./live.ts";
import { rememberScroll } from "./scroll.ts";
import { noticeChain } from "./seen-chain.ts";
import { startClock } from "./store.ts";
import { watchContacts } from "./wallet/contacts.ts";
import { watchTabs } from "./wallet/wallet.ts";

startClock();
rememberScroll();
keepFocus();
watchTabs();
watchContacts();
live.on(({ status }) => status && noticeChain(status));
render(<App />, document.getElementById("app")!);
// The first requests wait until the page has loaded: on a small machine they would slow it down.
addEventListener("load", followNode);
