import type { Fork, SideBlock, TransactionFate } from "../../client/index.ts";
import { count, dateTime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Fact, Facts, Section, Tag } from "../parts/layout.tsx";
import { Age, Authority, BlockLink, FullName } from "../parts/names.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { StatusTag, transactionColumns } from "../parts/transactions.tsx";
import { useLoad, useStore } from "../store.ts";

const columns: Column<SideBlock>[] = [
  { head: "Block", phone: "first", cell: ({ id, height }) => <a href={`#/forks/${id}`}>{whole(height)}</a> },
  { head: "What happened", phone: "first-end", cell: (block) => <Happened block={block} /> },
  { head: "Seen", phone: "second-end", cell: ({ seenAt }) => <Age atMs={seenAt} /> },
  { head: "Proposer", phone: "second", cell: ({ proposer }) => <Authority address={proposer} /> },
  {
    head: "Transactions",
    numeric: true,
    cell: ({ transactionCount }) => whole(transactionCount),
  },
  {
    head: "Went back",
    numeric: true,
    cell: ({ retracted, returned }) => (retracted ? whole(returned) : "–"),
  },
];

/** All blocks that lost against others, as far as the node remembers them. */
export function ForksPage(): Markup {
  const { forks, polls } = useStore(live);
  return (
    <>
      <h1>Forks</h1>
      <p class="quiet">
        Authorities can make different blocks of one height, above all while some cannot hear each other. One
        branch wins. A <strong>retracted</strong> block was on the chain of this node before: those of its
        transactions that the winning branch does not hold go back and wait again. A <strong>lost</strong>{" "}
        block never was. Final blocks are never retracted.
      </p>
      <Section title="Blocks that are not on the chain" aside="the newest 100 that this node has seen">
        <Answer
          loaded={{ data: polls > 0 ? forks : undefined, error: undefined }}
          show={(rows) => (
            <Table
              caption="Forks, those with transactions first"
              columns={columns}
              rows={[...rows].sort((a, b) => Math.sign(b.transactionCount) - Math.sign(a.transactionCount))}
              rowKey={({ id }) => id}
              empty="None: this node has seen no fork."
            />
          )}
        />
      </Section>
    </>
  );
}

const fateColumns: Column<TransactionFate>[] = [
  ...transactionColumns,
  {
    head: "Now",
    cell: ({ status, block }) => (
      <>
        <StatusTag status={status} /> {block ? <BlockLink {...block} /> : null}
      </>
    ),
  },
];

/** One of these blocks, and what became of its transactions. */
export function ForkPage({ id }: { id: string }): Markup {
  const { status, polls } = useStore(live);
  const loaded = useLoad(() => client.fork(id), `${id} ${status?.head?.id} ${polls}`);
  return <Answer loaded={loaded} show={(fork) => <Shown fork={fork} />} />;
}

function Shown({ fork }: { fork: Fork }): Markup {
  const { id, height, parent, timestamp, seenAt, proposer, transactionCount, transactions } = fork;
  return (
    <>
      <div class="title">
        <h1>Block {whole(height)}</h1>
        <Happened block={fork} />
      </div>
      <section class="card" aria-label="Block">
        <Facts>
          <Fact name={fork.retracted ? "Retracted" : "Lost"}>
            {dateTime(seenAt)}{" "}
            <span class="quiet">
              <Age atMs={seenAt} />
            </span>
          </Fact>
          <Fact name="On the chain instead">
            <a href={`#/block/${height}`}>block {whole(height)}</a>
          </Fact>
          <Fact name="Made">{dateTime(timestamp)}</Fact>
          <Fact name="Proposer">
            <Authority address={proposer} />
          </Fact>
          <Fact name="Id">
            <FullName text={id} what="id" />
          </Fact>
          <Fact name="Parent">
            <code>{parent}</code>
          </Fact>
        </Facts>
      </section>
      <Section
        title={`What became of ${count(transactionCount, "transaction")}`}
        aside={
          transactionCount > transactions.length ? `the first ${transactions.length} are shown` : undefined
        }
      >
        <Table
          caption="Transactions of the block"
          columns={fateColumns}
          rows={transactions}
          rowKey={({ id }) => id}
          empty="This block is empty."
        />
        {transactions.some(({ status }) => status === "replaced") ? (
          <p class="quiet">
            Replaced: the account has spent the same nonce in another transaction, so that this one never
            happens.
          </p>
        ) : null}
      </Section>
    </>
  );
}

function Happened({ block }: { block: SideBlock }): Markup {
  return block.retracted ? <Tag tone="bad">retracted</Tag> : <Tag tone="warn">lost</Tag>;
}
