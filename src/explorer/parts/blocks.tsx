import type { BlockSummary } from "../../client/index.ts";
import { byteSize, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { Tag } from "./layout.tsx";
import { Age, Authority } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

const columns: Column<BlockSummary>[] = [
  { head: "Height", phone: "first", cell: ({ height, id }) => <a href={`#/block/${id}`}>{whole(height)}</a> },
  { head: "Age", phone: "first-end", cell: ({ timestamp }) => <Age atMs={timestamp} /> },
  { head: "Proposer", phone: "second", cell: ({ proposer }) => <Authority address={proposer} /> },
  {
    head: "Turn",
    term: "turn",
    phone: "none",
    cell: ({ difficulty, height }) =>
      height === 0 ? "genesis" : difficulty === 2 ? "in turn" : <Tag tone="warn">out of turn</Tag>,
  },
  { head: "Transactions", numeric: true, cell: ({ transactionCount }) => whole(transactionCount) },
  { head: "Size", numeric: true, phone: "none", cell: ({ bytes }) => byteSize(bytes) },
];

/** A table of blocks; `finalHeight` is the height of the highest final block. */
export function BlockTable({
  rows,
  finalHeight,
}: {
  rows: readonly BlockSummary[];
  finalHeight: number;
}): Markup {
  const finality: Column<BlockSummary> = {
    head: "Finality",
    term: "final",
    phone: "first-end",
    cell: ({ height }) => (height <= finalHeight ? <Tag tone="good">final</Tag> : <Tag>not yet</Tag>),
  };
  return (
    <Table
      caption="Blocks, newest first"
      columns={[...columns, finality]}
      rows={rows}
      rowKey={({ id }) => id}
      empty="There are no blocks here."
    />
  );
}
