import { useId, useState } from "preact/hooks";
import type { Key } from "../../client/index.ts";
import { count } from "../format.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Problem } from "../parts/layout.tsx";
import { Address } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { useStore } from "../store.ts";
import { startBatch } from "./batch.ts";
import { contacts } from "./contacts.ts";
import { type ListedPayment, maxPayments, readPayments } from "./payment-list.ts";
import { inOwnWords } from "./refusals.ts";
import type { Funds } from "./spendable.ts";
import { noteFunds } from "./wallet.ts";

const columns: Column<ListedPayment>[] = [
  { head: "Line", cell: ({ line }) => line },
  {
    head: "To",
    phone: "first",
    cell: ({ to, typed }) => (to ? <Address address={to} /> : <bdi class="long">{typed}</bdi>),
  },
  {
    head: "Amount",
    numeric: true,
    phone: "first-end",
    cell: ({ amount }) => (amount === undefined ? "–" : <Amount of={amount} />),
  },
  { head: "Memo", phone: "second", cell: ({ memo }) => <bdi class="memo">{memo}</bdi> },
  {
    head: "Check",
    phone: "second-end",
    cell: ({ problem, warning }) =>
      problem ? (
        <span class="problem">{problem}</span>
      ) : warning ? (
        <span class="warned">{warning}</span>
      ) : (
        "ok"
      ),
  },
];

/** Many payments from a list that is typed, pasted, dropped or chosen, checked line by line. */
export function BatchForm({ payer, account }: { payer: Key; account: Funds }): Markup {
  const id = useId();
  const { status } = useStore(live);
  useStore(contacts);
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const payments = readPayments(text);
  const wrong = payments.filter(({ problem }) => problem !== undefined).length;
  const fee = BigInt(status?.mempool.minFee ?? 0);
  const total = payments.reduce((sum, { amount = 0n }) => sum + amount, 0n);
  const left = account.spendable - total - fee * BigInt(payments.length);
  const take = (file: File | undefined) => file?.text().then(setText, setError);
  const onDrop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  const sign = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const orders = payments.map(({ to, amount, memo }) => ({ to: to!, amount: amount!, fee, memo }));
      for (const { to } of orders) noteFunds(to);
      await startBatch(payer, orders);
    } catch (failure) {
      setError(inOwnWords(failure as Error));
    } finally {
      setBusy(false);
    }
  };
  const obstacle =
    payments.length > maxPayments
      ? `At most ${maxPayments} payments at once.`
      : wrong > 0
        ? `${count(wrong, "line is", "lines are")} wrong.`
        : left < 0n
          ? "The account has less than that."
          : undefined;
  return (
    <form class="form wide" onSubmit={(event) => event.preventDefault()} aria-label="Many payments">
      <div class="field">
        <label for={id}>Payments</label>
        <textarea
          id={id}
          rows={5}
          spellcheck={false}
          value={text}
          aria-describedby={`${id}-hint`}
          placeholder={"Anna, 2500, rent May\ncc1…, 1200"}
          onInput={({ currentTarget }) => setText((currentTarget as HTMLTextAreaElement).value)}
          onDragOver={(event: DragEvent) => event.preventDefault()}
          onDrop={onDrop}
        />
        <p class="hint" id={`${id}-hint`}>
          One a line: receiver (name or address), amount, memo. Paste them from a spreadsheet, or drop a CSV
          file here.
        </p>
      </div>
      <div class="field">
        <label for={`${id}-file`}>Or a CSV file</label>
        <input
          id={`${id}-file`}
          type="file"
          accept=".csv,.txt,text/csv,text/plain"
          onChange={({ currentTarget }) => take((currentTarget as HTMLInputElement).files?.[0])}
        />
      </div>
      {payments.length > 0 ? (
        <Table
          caption="The payments as they are read"
          columns={columns}
          rows={payments.slice(0, maxPayments)}
          rowKey={({ line }) => line}
          empty=""
        />
      ) : null}
      <p role="status">
        {payments.length > 0 ? (
          <>
            {count(payments.length, "payment")}: <Amount of={total} /> and{" "}
            <Amount of={fee * BigInt(payments.length)} /> of fees.{" "}
            {obstacle ?? (
              <>
                Left after them: <Amount of={left} />.
              </>
            )}
          </>
        ) : null}
      </p>
      {error ? <Problem error={error} /> : null}
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={isBusy || payments.length === 0 || obstacle !== undefined}
          onClick={sign}
        >
          {payments.length > 0 ? `Sign and send ${count(payments.length, "payment")}` : "Sign and send them"}
        </button>
      </div>
    </form>
  );
}
