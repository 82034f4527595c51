import type { Transaction, TransactionFate } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "./amount.tsx";
import { Tag, type Tone } from "./layout.tsx";
import { Address, TransactionLink } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

export const transactionColumns: Column<Transaction>[] = [
  { head: "Transaction", phone: "second-end", cell: ({ id }) => <TransactionLink id={id} /> },
  { head: "From", phone: "first", cell: ({ from }) => <Address address={from} /> },
  { head: "To", cell: ({ to }) => <Address address={to} /> },
  { head: "Amount", numeric: true, phone: "first-end", cell: ({ amount }) => <Amount of={amount} /> },
];

export function TransactionTable({ rows, empty }: { rows: readonly Transaction[]; empty: Markup }): Markup {
  return (
    <Table
      caption="Transactions"
      columns={transactionColumns}
      rows={rows}
      rowKey={({ id }) => id}
      empty={empty}
    />
  );
}

const statuses: Readonly<Record<TransactionFate["status"], readonly [tone: Tone, text: string]>> = {
  pending: ["warn", "waiting"],
  included: ["plain", "in a block"],
  finalized: ["good", "final"],
  replaced: ["bad", "replaced"],
  expired: ["bad", "expired"],
  dropped: ["bad", "dropped"],
};

/** A memo as it was written; hex digits if it is no text. */
export function Memo({ memo, memoHex }: Pick<Transaction, "memo" | "memoHex">): Markup {
  if (memoHex !== undefined) return <code class="memo">{memoHex}</code>;
  return memo ? <bdi class="memo">{memo}</bdi> : <span class="quiet">–</span>;
}

export function StatusTag({ status }: { status: TransactionFate["status"] }): Markup {
  const [tone, text] = statuses[status];
  return <Tag tone={tone}>{text}</Tag>;
}
