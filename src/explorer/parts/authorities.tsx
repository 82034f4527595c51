import type { Authorities, Finality, Authority as Member } from "../../client/index.ts";
import { uptime, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { expectedProposer } from "../shape.ts";
import { Tag } from "./layout.tsx";
import { Age, Authority } from "./names.tsx";
import { type Column, Table } from "./table.tsx";

/** The authorities after the head, in the order of their turns. */
export function AuthorityTable({ set, finality }: { set: Authorities; finality: Finality }): Markup {
  const voted = new Set(finality.votes.heard.map(({ voter }) => voter));
  const next = expectedProposer(set.authorities);
  const columns: Column<Member>[] = [
    { head: "Turn", term: "turn", phone: "none", cell: ({ turn }) => turn },
    {
      head: "Authority",
      term: "authority",
      phone: "first",
      cell: ({ address }) => <Authority address={address} />,
    },
    {
      head: `Block ${whole(set.nextHeight)}`,
      phone: "first-end",
      cell: (member) => turnState(member, member === next),
    },
    {
      head: "Last block",
      phone: "second-end",
      cell: ({ lastBlock }) =>
        lastBlock ? (
          <>
            <a href={`#/block/${lastBlock.height}`}>{whole(lastBlock.height)}</a>{" "}
            <span class="quiet">
              <Age atMs={lastBlock.timestamp} />
            </span>
          </>
        ) : (
          <span class="quiet">none lately</span>
        ),
    },
    {
      head: "Up",
      term: "missed",
      cell: ({ turns, missedTurns }) => (
        <>
          {uptime(missedTurns, turns)}{" "}
          <span class="quiet">
            {whole(missedTurns)} of {whole(turns)} missed
          </span>
        </>
      ),
    },
    {
      head: "Finality vote",
      phone: "none",
      cell: ({ address, lastVoteAt }) =>
        lastVoteAt === null ? (
          <span class="quiet">none yet</span>
        ) : (
          <>
            <Age atMs={lastVoteAt} />
            {voted.has(address) ? (
              <>
                {" "}
                <span class="quiet">round {whole(finality.votes.round)}</span>
              </>
            ) : null}
          </>
        ),
    },
    {
      head: "Evidence",
      phone: "none",
      cell: ({ address }) => {
        const count = set.evidence.filter(({ offender }) => offender === address).length;
        return count === 0 ? <span class="quiet">none</span> : <Tag tone="bad">{count}</Tag>;
      },
    },
  ];
  return (
    <Table
      caption="Authorities"
      columns={columns}
      rows={set.authorities}
      rowKey={({ address }) => address}
      empty="There are none."
    />
  );
}

function turnState({ inTurn, maySign }: Member, isNext: boolean): Markup {
  if (isNext) return <Tag tone="good">{inTurn ? "its turn" : "next in line"}</Tag>;
  if (maySign) return "may sign";
  return <span class="quiet">{inTurn ? "its turn, just signed" : "just signed"}</span>;
}
