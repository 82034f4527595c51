import type { BlockSummary } from "../../client/index.ts";
import { byteSize, whole } from "../format.ts";
import { html, type Markup } from "../html.ts";
import { Tag } from "./layout.ts";
import { Age, Authority } from "./names.ts";
import { type Column, Table } from "./table.ts";

const columns: Column<BlockSummary>[] = [
  { head: "Height", cell: ({ height, id }) => html`<a href=${`#/block/${id}`}>${whole(height)}</a>` },
  { head: "Age", cell: ({ timestamp }) => html`<${Age} atMs=${timestamp} />` },
  { head: "Proposer", cell: ({ proposer }) => html`<${Authority} address=${proposer} />` },
  {
    head: "Turn",
    cell: ({ difficulty, height }) =>
      height === 0
        ? "genesis"
        : difficulty === 2
          ? "in turn"
          : html`<${Tag} tone="warn">out of turn</${Tag}>`,
  },
  { head: "Transactions", numeric: true, cell: ({ transactionCount }) => whole(transactionCount) },
  { head: "Size", numeric: true, cell: ({ bytes }) => byteSize(bytes) },
];

/** `finalHeight`: of the highest final block. */
export function BlockTable({
  rows,
  finalHeight,
}: {
  rows: readonly BlockSummary[];
  finalHeight: number;
}): Markup {
  const finality: Column<BlockSummary> = {
    head: "Finality",
    cell: ({ height }) =>
      height <= finalHeight ? html`<${Tag} tone="good">final</${Tag}>` : html`<${Tag}>not yet</${Tag}>`,
  };
  return html`<${Table}
    caption="Blocks, newest first"
    columns=${[...columns, finality]}
    rows=${rows}
    rowKey=${({ id }: BlockSummary) => id}
    empty="There are no blocks here."
  />`;
}
