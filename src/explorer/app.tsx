import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import type { Status } from "../client/index.ts";
import { short } from "./format.ts";
import { Header } from "./header.tsx";
import { live } from "./live.ts";
import type { Markup } from "./markup.ts";
import { AccountPage } from "./pages/account.tsx";
import { AuthoritiesPage } from "./pages/authorities.tsx";
import { BlockPage } from "./pages/block.tsx";
import { Blocks } from "./pages/blocks.tsx";
import { MempoolPage } from "./pages/mempool.tsx";
import { Overview } from "./pages/overview.tsx";
import { PeersPage } from "./pages/peers.tsx";
import { TransactionPage } from "./pages/transaction.tsx";
import { Later } from "./parts/later.tsx";
import { Problem } from "./parts/layout.tsx";
import { Age } from "./parts/names.tsx";
import { type Route, useRoute } from "./route.ts";
import { restoreScroll } from "./scroll.ts";
import { acceptChain, formerChain } from "./seen-chain.ts";
import { useStore } from "./store.ts";
import { Tour } from "./tour.tsx";
import { Arrivals } from "./wallet/arrivals.tsx";
import { paymentRequest } from "./wallet/payment-request.ts";

export function App(): Markup {
  const route = useRoute();
  const { status, connection } = useStore(live);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const [title, page] = pageOf(route);
  const place = `${route.page}/${route.argument}`;

  useEffect(() => {
    document.title = `${title} · ${status?.name ?? "ccoin"}`;
  }, [title, status?.name]);
  useEffect(() => {
    restoreScroll();
    // Moves the focus to the new page, so that keyboards and screen readers continue there.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [place]);

  const skip = (event: MouseEvent) => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a link for assistive technology; the page's address stays. */}
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <Header page={route.page} />
      <main
        id="main"
        ref={main}
        tabindex={-1}
        aria-label={title}
        key={place}
        class={connection === "lost" ? "away" : ""}
      >
        {connection === "lost" ? <Away status={status} /> : null}
        <Tour page={route.page} />
        <OtherChain status={status} />
        <Guarded>{page}</Guarded>
      </main>
      <Arrivals isHidden={route.page === "receive"} />
      <footer>
        {status ? (
          <span>
            ccoin {status.version}, node {status.nodeId}
          </span>
        ) : null}
        <a href="docs">HTTP interface</a>
      </footer>
    </>
  );
}

/** A notice while the node does not answer. Screen readers learn it from the header. */
function Away({ status }: { status: Status | undefined }): Markup {
  return (
    <div class="note bad">
      <p>
        <strong>The node does not answer.</strong> This page keeps trying.
        {status ? (
          <>
            {" "}
            Its last answer: <Age atMs={status.time} />.
          </>
        ) : null}
      </p>
    </div>
  );
}

/** A notice that the node's chain is not the one that this browser has seen here before. */
function OtherChain({ status }: { status: Status | undefined }): Markup {
  const former = useStore(formerChain);
  if (!former || !status?.genesisId) return null;
  return (
    <section class="note warn" aria-label="Another chain">
      <p>
        <strong>This is another chain than the one that this browser has seen here before.</strong> That was{" "}
        <bdi>{former.name}</bdi> <code>{short(former.id)}</code>, this is <bdi>{status.name}</bdi>{" "}
        <code>{short(status.genesisId)}</code>. Coins and payments of the former chain are not on this one.
        Your keys and contacts are still in this browser.
      </p>
      <button type="button" onClick={() => acceptChain(status)}>
        I know
      </button>
    </section>
  );
}

/** Shows an error in place of a page that fails; the other pages stay usable. */
function Guarded({ children }: { children?: Markup }): Markup {
  const [error] = useErrorBoundary();
  return error ? <Problem error={error} /> : children;
}

/** Returns the title and the contents of the page at a route. */
function pageOf({ page, argument, query }: Route): [string, Markup] {
  switch (page) {
    case "":
      return ["Overview", <Overview />];
    case "blocks":
      return ["Blocks", <Blocks before={numberOf(query.get("before"))} />];
    case "block":
      return [
        `Block ${argument.slice(0, 12)}`,
        <BlockPage name={argument} from={numberOf(query.get("from")) ?? 0} />,
      ];
    case "tx":
      return [`Transaction ${argument.slice(0, 12)}`, <TransactionPage id={argument} />];
    case "account":
      return [`Account ${argument.slice(0, 12)}`, <AccountPage address={argument} query={query} />];
    case "forks":
      return argument === ""
        ? ["Forks", <Later from="stories.js" show={({ ForksPage }) => <ForksPage />} />]
        : [
            `Fork ${argument.slice(0, 12)}`,
            <Later from="stories.js" show={({ ForkPage }) => <ForkPage id={argument} />} />,
          ];
    case "mempool":
      return ["Mempool", <MempoolPage />];
    case "authorities":
      return ["Authorities", <AuthoritiesPage />];
    case "long-term":
      return [
        "Long term",
        <Later
          from="stories.js"
          show={({ LongTermPage }) => <LongTermPage hours={numberOf(query.get("hours"))} />}
        />,
      ];
    case "peers":
      return ["Peers", <PeersPage />];
    case "wallet":
      return [
        "Wallet",
        <Later
          from="wallet.js"
          show={({ WalletPage }) => (
            <WalletPage linkedSeed={query.get("key") ?? undefined} request={paymentRequest(query)} />
          )}
        />,
      ];
    case "receive":
      return [
        "Receive",
        <Later from="wallet.js" show={({ ReceivePage }) => <ReceivePage address={argument} />} />,
      ];
    default:
      return [
        "Not found",
        <>
          <h1>Not found</h1>
          <p>
            There is no page here. <a href="#/">Go to the overview</a>
          </p>
        </>,
      ];
  }
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
