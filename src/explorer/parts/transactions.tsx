import type { PlacedTransaction, Transaction } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "./amount.tsx";
import { Tag } from "./layout.tsx";
import { Address, TransactionLink } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

const columns: Column<Transaction>[] = [
  { head: "Transaction", cell: ({ id }) => <TransactionLink id={id} /> },
  { head: "From", cell: ({ from }) => <Address address={from} /> },
  { head: "To", cell: ({ to }) => <Address address={to} /> },
  { head: "Amount", numeric: true, cell: ({ amount }) => <Amount of={amount} /> },
];

export function TransactionTable({ rows, empty }: { rows: readonly Transaction[]; empty: Markup }): Markup {
  return <Table caption="Transactions" columns={columns} rows={rows} rowKey={({ id }) => id} empty={empty} />;
}

export function StatusTag({ status }: { status: PlacedTransaction["status"] }): Markup {
  const tone = status === "finalized" ? "good" : status === "included" ? "plain" : "warn";
  const text = status === "finalized" ? "final" : status === "included" ? "in a block" : "waiting";
  return <Tag tone={tone}>{text}</Tag>;
}
