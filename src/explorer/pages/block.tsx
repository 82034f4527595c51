import { Fragment } from "preact";
import type { Block, Genesis } from "../../client/index.ts";
import { count, dateTime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Later } from "../parts/later.tsx";
import { Answer, Fact, Facts, Section, Tag } from "../parts/layout.tsx";
import { Address, Age, Authority, FullName } from "../parts/names.tsx";
import { PeriodFacts, PriceFacts } from "../parts/parameters.tsx";
import { RecoveryNote } from "../parts/recovery.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Term } from "../parts/term.tsx";
import { TransactionTable } from "../parts/transactions.tsx";
import { Subject } from "../parts/votes.tsx";
import { useLoad, useStore } from "../store.ts";

/** More rows would make the page slow. */
const shownTransactions = 500;

/** A block by `name` (height, id, `head`, `justified`, `finalized`), with its transactions from number `from` on. */
export function BlockPage({ name, from }: { name: string; from: number }): Markup {
  const { forks } = useStore(live);
  // Loads the block again whenever the forks change: a reorganization may have retracted or restored it.
  const loaded = useLoad(() => client.block(name), `${name} ${forks.map(({ id }) => id)}`);
  // Finality has passed the block, and its branch is deleted.
  if (loaded.error && forks.some(({ id }) => id === name))
    return <Later from="stories.js" show={({ ForkPage }) => <ForkPage id={name} />} />;
  return <Answer loaded={loaded} show={(block) => <Shown block={block} from={from} />} />;
}

function Shown({ block, from }: { block: Block; from: number }): Markup {
  const { height, id, parent, timestamp, proposer, difficulty, vote, transactions, canonical, genesis } =
    block;
  const { status } = useStore(live);
  const hasNext = (status?.head?.height ?? 0) > height;
  const recoveries = status?.recoveries.filter((recovery) => recovery.block.id === id) ?? [];
  const end = Math.min(from + shownTransactions, transactions.length);
  const isFinal = height <= (status?.finalized?.height ?? -1);
  return (
    <>
      <div class="title">
        <h1>Block {whole(height)}</h1>
        {canonical ? (
          isFinal ? (
            <Tag tone="good">final</Tag>
          ) : (
            <Tag>not final yet</Tag>
          )
        ) : (
          <Tag tone="bad">not on the chain</Tag>
        )}
        <nav class="pager" aria-label="Neighbouring blocks">
          {height > 0 ? <a href={`#/block/${parent}`}>← {whole(height - 1)}</a> : null}
          {canonical && hasNext ? <a href={`#/block/${height + 1}`}>{whole(height + 1)} →</a> : null}
        </nav>
      </div>
      {recoveries.length > 0 ? <RecoveryNote recoveries={recoveries} /> : null}
      <section class="card" aria-label="Header">
        <Facts>
          <Fact name="Id">
            <FullName text={id} what="id" />
          </Fact>
          <Fact name="Time">
            {dateTime(timestamp)}{" "}
            <span class="quiet">
              <Age atMs={timestamp} />
            </span>
          </Fact>
          <Fact name="Proposer">
            <Authority address={proposer} />{" "}
            <span class="quiet">
              {height === 0 ? "made the genesis block" : difficulty === 2 ? "in turn" : "out of turn"}
            </span>
          </Fact>
          {vote ? (
            <Fact name="Votes to">
              {vote.kind} <Subject vote={vote} />
            </Fact>
          ) : null}
          {height > 0 ? (
            <Fact name="Parent">
              <a class="id long" href={`#/block/${parent}`}>
                {parent}
              </a>
            </Fact>
          ) : null}
          <Fact name="State root">
            <code>{block.stateRoot}</code>
          </Fact>
          <Fact name="Transactions root">
            <code>{block.transactionsRoot}</code>
          </Fact>
          <Fact name="Signature">
            <code>{block.signature}</code>
          </Fact>
          <Fact name="Total difficulty">{whole(block.totalDifficulty)}</Fact>
        </Facts>
      </section>
      {genesis ? <Rules genesis={genesis} /> : null}
      {height === 0 ? null : (
        <Section
          title={count(transactions.length, "transaction")}
          aside={
            transactions.length > shownTransactions ? `${whole(from + 1)} to ${whole(end)} are shown` : null
          }
        >
          <TransactionTable rows={transactions.slice(from, end)} empty="This block is empty." />
          <nav class="pager" aria-label="More of this list">
            {from > 0 ? (
              <a href={`#/block/${id}?from=${Math.max(0, from - shownTransactions)}`}>Earlier</a>
            ) : null}
            {end < transactions.length ? <a href={`#/block/${id}?from=${end}`}>Later</a> : null}
          </nav>
        </Section>
      )}
    </>
  );
}

type Balance = Genesis["balances"][number];

const balanceColumns: Column<Balance>[] = [
  { head: "Account", phone: "first", cell: ({ address }) => <Address address={address} /> },
  {
    head: "First balance",
    numeric: true,
    phone: "first-end",
    cell: ({ balance }) => <Amount of={balance} />,
  },
];

function Rules({ genesis }: { genesis: Genesis }): Markup {
  const { name, symbol, decimals, epochLength, authorities, balances, balanceCount } = genesis;
  return (
    <>
      <Section title="First rules of this chain" aside={<a href="#/authorities">Today's</a>}>
        <Facts>
          <Fact name="Name">{name}</Fact>
          <PeriodFacts {...genesis} />
          <Fact name={<Term word="unit">Unit</Term>}>
            {symbol}
            {decimals === 0 ? "" : `, of ${whole(10n ** BigInt(decimals))} base units`}
          </Fact>
          <PriceFacts {...genesis} />
          <Fact name="Epoch">{count(epochLength, "block")}</Fact>
          <Fact name="First authorities">
            {authorities.map((address) => (
              <Fragment key={address}>
                <Authority address={address} />{" "}
              </Fragment>
            ))}
          </Fact>
        </Facts>
      </Section>
      <Section
        title="First balances"
        aside={
          balanceCount > balances.length ? `the first ${balances.length} of ${whole(balanceCount)}` : null
        }
      >
        <Table
          caption="First balances"
          columns={balanceColumns}
          rows={balances}
          rowKey={({ address }) => address}
          empty="There were none."
        />
      </Section>
    </>
  );
}
