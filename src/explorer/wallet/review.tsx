import { useEffect, useRef, useState } from "preact/hooks";
import type { Address, Diagnosis, Hex, Key } from "../../client/index.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { namedAddresses } from "../names.ts";
import { Amount } from "../parts/amount.tsx";
import { Fact, Facts, Problem } from "../parts/layout.tsx";
import { NamedAddress } from "../parts/names.tsx";
import { useLoad, useStore } from "../store.ts";
import { inOwnWords } from "./refusals.ts";
import type { Funds } from "./spendable.ts";
import { type Order, send } from "./transfers.ts";
import { noteFunds } from "./wallet.ts";

/** Shows a payment as it is to be signed, with what is unusual about it. `onSent` gets its id. */
export function Review({
  order,
  payer,
  account: { address: from, spendable },
  onSent,
  onBack,
}: {
  order: Order;
  payer: Key;
  account: Funds;
  onSent(id: Hex): void;
  onBack(): void;
}): Markup {
  const { status, diagnosis } = useStore(live);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { to, amount, fee, memo } = order;
  const hasPaid = useLoad(async () => {
    const { transactions } = await client.history(from, { direction: "out", counterparty: to, limit: 1 });
    return transactions.length > 0;
  }, `${from} ${to}`).data;
  const sign = async () => {
    setBusy(true);
    setError(undefined);
    try {
      if (!status?.genesisId) throw new Error("The node has no chain yet.");
      // From here on the receiver may hold coins.
      noteFunds(to);
      onSent(await send(payer, status.genesisId, order));
    } catch (refusal) {
      setError(inOwnWords(refusal as Error));
      setBusy(false);
    }
  };
  return (
    <section class="panel review" aria-labelledby="review">
      <h3 id="review" tabindex={-1} ref={heading}>
        Is this right?
      </h3>
      <Facts>
        <Fact name="To">
          <NamedAddress address={to} />
        </Fact>
        <Fact name="Amount">
          <strong>
            <Amount of={amount} />
          </strong>
        </Fact>
        <Fact name="Fee">
          <Amount of={fee} />
        </Fact>
        <Fact name="Left after it">
          <Amount of={spendable - amount - fee} />
        </Fact>
        <Fact name="Memo">{memo ? <bdi class="memo">{memo}</bdi> : <span class="quiet">none</span>}</Fact>
      </Facts>
      <div class="warnings" role="status">
        {warningsOf(order, { from, hasPaid, diagnosis }).map((warning) => (
          <p class="note warn" key={warning}>
            {warning}
          </p>
        ))}
      </div>
      {error ? <Problem error={error} /> : null}
      <div class="actions">
        <button type="button" class="primary" onClick={sign} disabled={isBusy}>
          {isBusy ? "Sending…" : "Sign and send"}
        </button>
        <button type="button" onClick={onBack} disabled={isBusy}>
          Change it
        </button>
      </div>
    </section>
  );
}

interface Circumstances {
  from: Address;
  /** True if the account has paid the receiver before; undefined while the node is asked. */
  hasPaid: boolean | undefined;
  diagnosis: Pick<Diagnosis, "state"> | undefined;
}

/** Facts that the payer should know before signing. */
function warningsOf({ to, amount }: Order, { from, hasPaid, diagnosis }: Circumstances): string[] {
  const warnings: string[] = [];
  if (amount === 0n) warnings.push("The amount is 0: only the fee is paid.");
  if (to === from) warnings.push("This pays the account itself: only the fee is lost.");
  else if (hasPaid === false && !namedAddresses().some(({ address }) => address === to))
    warnings.push(
      "This account has not paid this address before. Compare it, letter by letter, with what the receiver gave you.",
    );
  if (diagnosis?.state === "halted")
    warnings.push(
      "The chain is halted: the payment waits until it goes on, and ends unpaid if that takes long.",
    );
  return warnings;
}
