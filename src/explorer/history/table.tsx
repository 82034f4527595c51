import type { HistoryEntry } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Address, Age } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { StatusTag } from "../parts/transactions.tsx";

const words = { in: "from", out: "to", self: "to itself" } as const;
const signs = { in: "+", out: "−", self: "" } as const;

const columns: Column<HistoryEntry>[] = [
  {
    head: "Time",
    cell: ({ id, block }) => <a href={`#/tx/${id}`}>{block ? <Age atMs={block.timestamp} /> : "waiting"}</a>,
  },
  {
    head: "From or to",
    cell: ({ direction, from, to }) => (
      <span class="name">
        <span class="quiet">{words[direction]}</span>
        {direction === "self" ? null : <Address address={direction === "in" ? from : to} />}
      </span>
    ),
  },
  { head: "Memo", cell: (entry) => <Memo {...entry} /> },
  {
    head: "Amount",
    numeric: true,
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
    cell: ({ balance }) => (
      <span class="whole">
        <Amount of={balance} />
      </span>
    ),
  },
  { head: "State", cell: ({ status }) => <StatusTag status={status} /> },
];

function Memo({ memo, memoHex }: Pick<HistoryEntry, "memo" | "memoHex">): Markup {
  if (memoHex !== undefined) return <code class="memo">{memoHex}</code>;
  return memo ? <bdi class="memo">{memo}</bdi> : <span class="quiet">–</span>;
}

export function HistoryTable({ rows, empty }: { rows: readonly HistoryEntry[]; empty: Markup }): Markup {
  return <Table caption="Transactions" columns={columns} rows={rows} rowKey={({ id }) => id} empty={empty} />;
}
