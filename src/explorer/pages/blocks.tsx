import type { BlockSummary } from "../../client/index.ts";
import { byteSize, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section, Tag } from "../parts/layout.tsx";
import { Age, Authority } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { useLoad, useStore } from "../store.ts";

const pageSize = 25;

/** The canonical blocks below the height `before`; without it the newest ones, updated live. */
export function Blocks({ before }: { before: number | undefined }): Markup {
  const { status } = useStore(live);
  const key = before ?? status?.head?.id;
  const page = useLoad(
    () => client.blocks({ limit: pageSize, ...(before !== undefined && { before }) }),
    `${before} ${key}`,
  );
  return (
    <>
      <h1>Blocks</h1>
      <Answer
        loaded={page}
        show={({ blocks, next }) => (
          <Section
            title={before === undefined ? "Newest" : `Below ${before}`}
            aside={<a href="#/forks">Forks</a>}
          >
            <BlockTable rows={blocks} finalHeight={status?.finalized?.height ?? -1} />
            <nav class="pager" aria-label="More of this list">
              {before === undefined ? null : <a href="#/blocks">Newest</a>}
              {next === null ? null : <a href={`#/blocks?before=${next}`}>Older</a>}
            </nav>
          </Section>
        )}
      />
    </>
  );
}

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
function BlockTable({ rows, finalHeight }: { rows: readonly BlockSummary[]; finalHeight: number }): Markup {
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
