import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { Header } from "./header.ts";
import { html, type Markup } from "./html.ts";
import { live } from "./live.ts";
import { AccountPage } from "./pages/account.ts";
import { AuthoritiesPage } from "./pages/authorities.ts";
import { BlockPage } from "./pages/block.ts";
import { Blocks } from "./pages/blocks.ts";
import { MempoolPage } from "./pages/mempool.ts";
import { Overview } from "./pages/overview.ts";
import { PeersPage } from "./pages/peers.ts";
import { TransactionPage } from "./pages/transaction.ts";
import { WalletPage } from "./pages/wallet.ts";
import { Problem } from "./parts/layout.ts";
import { type Route, useRoute } from "./route.ts";
import { useStore } from "./store.ts";

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
    // Keyboards and screen readers go on where the new page begins.
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
      ${status ? html`<span>ccoin ${status.version}, node ${status.nodeId}</span>` : null}
      <a href="/docs">HTTP interface</a>
    </footer>
  `;
}

/** A page that fails leaves the others usable. */
function Guarded({ children }: { children?: Markup }): Markup {
  const [error] = useErrorBoundary();
  return error ? html`<${Problem} error=${error} />` : children;
}

/** Its title and itself. */
function pageOf({ page, argument, query }: Route): [string, Markup] {
  switch (page) {
    case "":
      return ["Overview", html`<${Overview} />`];
    case "blocks":
      return ["Blocks", html`<${Blocks} before=${numberOf(query.get("before"))} />`];
    case "block":
      return [`Block ${argument.slice(0, 12)}`, html`<${BlockPage} name=${argument} />`];
    case "tx":
      return [`Transaction ${argument.slice(0, 12)}`, html`<${TransactionPage} id=${argument} />`];
    case "account":
      return [
        `Account ${argument.slice(0, 12)}`,
        html`<${AccountPage} address=${argument} before=${query.get("before") ?? undefined} />`,
      ];
    case "mempool":
      return ["Mempool", html`<${MempoolPage} />`];
    case "authorities":
      return ["Authorities", html`<${AuthoritiesPage} />`];
    case "peers":
      return ["Peers", html`<${PeersPage} />`];
    case "wallet":
      return ["Wallet", html`<${WalletPage} linkedSeed=${query.get("key") ?? undefined} />`];
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
