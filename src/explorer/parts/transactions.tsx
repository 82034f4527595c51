import type { PlacedTransaction, Transaction } from "../../client/index.ts";
import { whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "./amount.tsx";
import { Tag } from "./layout.tsx";
import { Address, Age, TransactionLink } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

const common: Column<Transaction>[] = [
  { head: "Transaction", cell: ({ id }) => <TransactionLink id={id} /> },
  { head: "From", cell: ({ from }) => <Address address={from} /> },
  { head: "To", cell: ({ to }) => <Address address={to} /> },
  { head: "Amount", numeric: true, cell: ({ amount }) => <Amount of={amount} /> },
];
const placed: Column<PlacedTransaction>[] = [
  {
    head: "Block",
    cell: ({ block }) =>
      block ? (
        <>
          <a href={`#/block/${block.id}`}>{whole(block.height)}</a>{" "}
          <span class="quiet">
            <Age atMs={block.timestamp} />
          </span>
        </>
      ) : (
        "–"
      ),
  },
  { head: "Status", cell: ({ status }) => <StatusTag status={status} /> },
];

export function TransactionTable({ rows, empty }: { rows: readonly Transaction[]; empty: Markup }): Markup {
  return table(common, rows, empty);
}

/** The history of `account`. */
export function HistoryTable({
  rows,
  account,
  empty,
}: {
  rows: readonly PlacedTransaction[];
  account: string;
  empty: Markup;
}): Markup {
  const amount: Column<PlacedTransaction> = {
    head: "Amount",
    numeric: true,
    cell: ({ from, to, amount: value }) =>
      from === account && to === account ? (
        <Amount of={value} />
      ) : (
        <span class={from === account ? "" : "income"}>
          {from === account ? "−" : "+"}
          <Amount of={value} />
        </span>
      ),
  };
  return table([...common.slice(0, 3), amount, ...placed], rows, empty);
}

export function StatusTag({ status }: { status: PlacedTransaction["status"] }): Markup {
  const tone = status === "finalized" ? "good" : status === "included" ? "plain" : "warn";
  const text = status === "finalized" ? "final" : status === "included" ? "in a block" : "waiting";
  return <Tag tone={tone}>{text}</Tag>;
}

function table<Row extends Transaction>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty: Markup,
): Markup {
  return <Table caption="Transactions" columns={columns} rows={rows} rowKey={({ id }) => id} empty={empty} />;
}
