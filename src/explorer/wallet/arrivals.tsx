import { useRef, useState } from "preact/hooks";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Address } from "../parts/names.tsx";
import { StatusTag } from "../parts/transactions.tsx";
import { useLoad, useStore } from "../store.ts";
import { type Earlier, type Incoming, newIncoming } from "./incoming.ts";
import { wallet } from "./wallet.ts";

const watchedAccounts = 5;
const shownArrivals = 3;
/** The least time between two requests, since a busy chain changes often. */
const minPauseMs = 2_000;

/** Announces payments to the wallet's accounts as they arrive, unless `isHidden`. */
export function Arrivals({ isHidden }: { isHidden: boolean }): Markup {
  const { accounts } = useStore(wallet);
  const { status, blocks } = useStore(live);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const state = useRef({ earlier: new Map() as Earlier, askedAtMs: 0, isSettled: true }).current;
  const addresses = accounts.slice(0, watchedAccounts).map(({ address }) => address);
  // Blocks without transactions bring nothing.
  const newest = blocks.find(({ transactionCount }) => transactionCount > 0)?.id;
  const news = useLoad(
    async () => {
      if (addresses.length === 0 || !status?.head) return [];
      const pauseMs = state.askedAtMs + minPauseMs - Date.now();
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      state.askedAtMs = Date.now();
      const incoming = await newIncoming(addresses, state.earlier);
      state.isSettled = incoming.every(({ status }) => status === "finalized");
      return incoming;
    },
    [addresses, newest, status?.mempool.count, state.isSettled ? "" : status?.finalized?.id].join(" "),
  ).data;
  const shown = (news ?? []).filter(({ id }) => !closed.has(id)).slice(0, shownArrivals);
  return (
    <div class="arrivals" role="status">
      {isHidden
        ? null
        : shown.map((payment) => (
            <div class="arrival" key={payment.id}>
              <IncomingPayment payment={payment} isSentence />
              <button
                type="button"
                class="small"
                onClick={() => setClosed(new Set([...closed, payment.id]))}
                aria-label="Close this message"
              >
                ✕
              </button>
            </div>
          ))}
    </div>
  );
}

/** A line that says who has paid how much. */
export function IncomingPayment({
  payment: { id, from, amount, memo, status },
  isSentence = false,
}: {
  payment: Incoming;
  isSentence?: boolean;
}): Markup {
  return (
    <p>
      {isSentence ? "Received " : null}
      <strong>
        <Amount of={amount} />
      </strong>{" "}
      from <Address address={from} />
      {memo ? (
        <>
          : <bdi>{memo}</bdi>
        </>
      ) : null}{" "}
      <a href={`#/tx/${id}`}>
        <StatusTag status={status} />
      </a>
    </p>
  );
}
