import type { HistoryEntry } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Address, Age } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Memo, StatusTag } from "../parts/transactions.tsx";

const words = { in: "from", out: "to", self: "to itself" } as const;
const signs = { in: "+", out: "−", self: "" } as const;

const columns: Column<HistoryEntry>[] = [
  {
    head: "Time",
    phone: "second",
    cell: ({ id, block }) => <a href={`#/tx/${id}`}>{block ? <Age atMs={block.timestamp} /> : "waiting"}</a>,
  },
  {
    head: "From or to",
    phone: "first",
    cell: ({ direction, from, to }) => (
      <span class="name">
        <span class="quiet">{words[direction]}</span>
        {direction === "self" ? null : <Address address={direction === "in" ? from : to} />}
      </span>
    ),
  },
  { head: "Memo", phone: "second", cell: (entry) => <Memo {...entry} /> },
  {
    head: "Amount",
    numeric: true,
    phone: "first-end",
    cell: ({ direction, amount }) => (
      <span class={direction === "in" ? "income whole" : "whole"}>
        {signs[direction]}
        <Amount of={amount} />
      </span>
    ),
  },
  {
    head: "Balance",
    numeric: true,
    phone: "second-end",
    cell: ({ balance }) => (
      <span class="whole">
        <Amount of={balance} />
      </span>
    ),
  },
  { head: "State", term: "final", phone: "second", cell: ({ status }) => <StatusTag status={status} /> },
];

export function HistoryTable({ rows, empty }: { rows: readonly HistoryEntry[]; empty: Markup }): Markup {
  return <Table caption="Transactions" columns={columns} rows={rows} rowKey={({ id }) => id} empty={empty} />;
}
