import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { Header } from "./header.ts";
import { html, type Markup } from "./html.ts";
import { live } from "./live.ts";
import { Overview } from "./pages/overview.ts";
import { Answer, Problem } from "./parts/layout.ts";
import { type Route, useRoute } from "./route.ts";
import { useLoad, useStore } from "./store.ts";

export function App(): Markup {
  const route = useRoute();
  const { status } = useStore(live);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const [title, page] = pageOf(route);
  const place = `${route.page}/${route.argument}`;

  useEffect(() => {
    document.title = `${title} · ${status?.name ?? "ccoin"}`;
  }, [title, status?.name]);
  useEffect(() => {
    // Who comes by keyboard or screen reader goes on where the new page begins.
    if (!isFirst.current) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [place]);

  const skip = (event: MouseEvent) => {
    event.preventDefault();
    main.current?.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>To the content</a>
    <${Header} page=${route.page} />
    <main id="main" ref=${main} tabindex="-1" aria-label=${title} key=${place}><${Guarded}>${page}</${Guarded}></main>
    <footer>
      ${status ? `ccoin ${status.version} · node ${status.nodeId}` : ""}
    </footer>
  `;
}

/** A page that fails leaves the others usable. */
function Guarded({ children }: { children?: Markup }): Markup {
  const [error] = useErrorBoundary();
  return error ? html`<${Problem} error=${error} />` : children;
}

/** What the first page does without comes when it is asked for. */
const later = {
  account: () => import("./pages/account.ts").then(({ AccountPage }) => AccountPage),
  authorities: () => import("./pages/authorities.ts").then(({ AuthoritiesPage }) => AuthoritiesPage),
  block: () => import("./pages/block.ts").then(({ BlockPage }) => BlockPage),
  blocks: () => import("./pages/blocks.ts").then(({ Blocks }) => Blocks),
  mempool: () => import("./pages/mempool.ts").then(({ MempoolPage }) => MempoolPage),
  peers: () => import("./pages/peers.ts").then(({ PeersPage }) => PeersPage),
  transaction: () => import("./pages/transaction.ts").then(({ TransactionPage }) => TransactionPage),
  wallet: () => import("./pages/wallet.ts").then(({ WalletPage }) => WalletPage),
};

/** A component that comes with `load`, and its properties. */
function Later({ load, ...rest }: { load(): Promise<unknown> }): Markup {
  // In an object: a bare function would be called by the state that holds it.
  const loaded = useLoad(async () => ({ component: await load() }), load);
  return html`<${Answer} loaded=${loaded} show=${({ component }: { component: unknown }) => html`<${component} ...${rest} />`} />`;
}

/** Its title and itself. */
function pageOf({ page, argument, query }: Route): [string, Markup] {
  switch (page) {
    case "":
      return ["Overview", html`<${Overview} />`];
    case "blocks":
      return ["Blocks", html`<${Later} load=${later.blocks} before=${numberOf(query.get("before"))} />`];
    case "block":
      return [`Block ${argument.slice(0, 12)}`, html`<${Later} load=${later.block} name=${argument} />`];
    case "tx":
      return [
        `Transaction ${argument.slice(0, 12)}`,
        html`<${Later} load=${later.transaction} id=${argument} />`,
      ];
    case "account":
      return [
        `Account ${argument.slice(0, 12)}`,
        html`<${Later} load=${later.account} address=${argument} before=${query.get("before") ?? undefined} />`,
      ];
    case "mempool":
      return ["Mempool", html`<${Later} load=${later.mempool} />`];
    case "authorities":
      return ["Authorities", html`<${Later} load=${later.authorities} />`];
    case "peers":
      return ["Peers", html`<${Later} load=${later.peers} />`];
    case "wallet":
      return ["Wallet", html`<${Later} load=${later.wallet} linkedSeed=${query.get("key") ?? undefined} />`];
    default:
      return [
        "Not found",
        html`<h1>Not found</h1><p>There is no page here. <a href="#/">To the overview</a></p>`,
      ];
  }
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
