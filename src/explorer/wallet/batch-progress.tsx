import { useEffect, useRef } from "preact/hooks";
import type { Key } from "../../client/index.ts";
import { count, whole } from "../format.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Problem, Section, Tag, type Tone } from "../parts/layout.tsx";
import { Address, TransactionLink } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { useStore } from "../store.ts";
import {
  type BatchPayment,
  batch,
  closeBatch,
  renewBatch,
  sending,
  settleBatch,
  submitBatch,
} from "./batch.ts";
import { inOwnWords } from "./refusals.ts";

const states: Readonly<Record<BatchPayment["state"], [Tone, string]>> = {
  unsent: ["warn", "not sent"],
  accepted: ["plain", "on its way"],
  final: ["good", "final"],
  over: ["bad", "not paid"],
};
const columns: Column<BatchPayment>[] = [
  { head: "To", phone: "first", cell: ({ signed }) => <Address address={signed.to} /> },
  { head: "Amount", numeric: true, phone: "first-end", cell: ({ signed }) => <Amount of={signed.amount} /> },
  { head: "Memo", phone: "second", cell: ({ signed }) => <bdi class="memo">{signed.memo}</bdi> },
  { head: "Transaction", phone: "second", cell: ({ signed }) => <TransactionLink id={signed.id} /> },
  {
    head: "State",
    phone: "second-end",
    cell: ({ state, problem }) => {
      const [tone, text] = states[state];
      return (
        <>
          <Tag tone={tone}>{text}</Tag> {problem ? <span class="problem">{problem}</span> : null}
        </>
      );
    },
  },
];

/** The payments that were signed together, until all are decided. `payer` is the unlocked key, if it is theirs. */
export function BatchProgress({ payer }: { payer: Key | undefined }): Markup {
  const { status } = useStore(live);
  const current = useStore(batch);
  const { isBusy, error } = useStore(sending);
  const heading = useRef<HTMLParagraphElement>(null);
  const isHere = current !== undefined && current.genesisId === status?.genesisId;
  const run = async (action: () => Promise<void>) => {
    await action();
    // The button that was pressed may be gone.
    heading.current?.focus();
  };
  useEffect(() => {
    // `settleBatch` shows its error with the batch.
    if (isHere && !isBusy) void settleBatch();
  }, [status?.finalized?.id, isHere]);
  useEffect(() => heading.current?.focus(), [isHere]);
  if (!isHere) return null;
  const { payments, from } = current;
  const number = (state: BatchPayment["state"]) => payments.filter((each) => each.state === state).length;
  const [unsent, over, final] = [number("unsent"), number("over"), number("final")];
  const isDecided = final + over === payments.length;
  return (
    <Section title="Many payments">
      <div class="panel">
        <p role="status" tabindex={-1} ref={heading}>
          {whole(final)} of {count(payments.length, "payment")} {payments.length === 1 ? "is" : "are"} final.
          {unsent > 0 ? ` ${count(unsent, "payment")} not sent yet.` : ""}
          {over > 0
            ? ` ${count(over, "payment")} not paid: no block can hold ${over === 1 ? "it" : "them"} any more.`
            : ""}
        </p>
        <progress max={payments.length} value={final} aria-label="Final payments" />
        {error ? <Problem error={inOwnWords(error)} /> : null}
        <div class="actions">
          {unsent > 0 && !isBusy ? (
            <button type="button" class="primary" onClick={() => run(submitBatch)}>
              Send the rest
            </button>
          ) : null}
          {over > 0 && unsent === 0 && payer?.address === from ? (
            <button
              type="button"
              class="primary"
              disabled={isBusy}
              onClick={() => run(() => renewBatch(payer))}
            >
              Sign what is not paid again
            </button>
          ) : null}
          {isDecided ? (
            <button type="button" onClick={closeBatch}>
              Close this list
            </button>
          ) : null}
        </div>
        <Table
          caption="The payments"
          columns={columns}
          rows={payments}
          rowKey={({ signed }) => signed.id}
          empty=""
        />
      </div>
    </Section>
  );
}
