import { Fragment } from "preact";
import type { Evidence, Proposal } from "../../client/index.ts";
import { byteSize, count, short, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { AuthorityTable } from "../parts/authorities.tsx";
import { Later } from "../parts/later.tsx";
import { Answer, Fact, Facts, Section, Tag } from "../parts/layout.tsx";
import { Address, Age } from "../parts/names.tsx";
import { PeriodFacts, PriceFacts } from "../parts/parameters.tsx";
import { Table } from "../parts/table.tsx";
import { Term } from "../parts/term.tsx";
import { Subject, subjectOf } from "../parts/votes.tsx";
import { bothOf, useLoad, useStore } from "../store.ts";

/** Explains what an authority has signed, and why an honest one never does. */
const offences: Readonly<Record<Evidence["offence"], readonly [what: string, why: string]>> = {
  header: [
    "two blocks in one slot",
    "Its turn is for one block. With two, it tells some nodes another story than the others: it can spend the same coins in both. Which block stays is settled by finality.",
  ],
  doubleVote: [
    "two finality votes in one round",
    "A vote says that no other block of this round should be final. If more than a third of the authorities did this, two contradicting blocks could become final.",
  ],
  surround: [
    "a finality vote that surrounds another",
    "The later vote reaches back behind the earlier one, as if that had never been given. If more than a third did this, a final block could be contradicted.",
  ],
};

export function AuthoritiesPage(): Markup {
  const { status, polls } = useStore(live);
  const authorities = useLoad(() => client.authorities(), status?.head?.id);
  const finality = useLoad(() => client.finality(), polls);
  return (
    <>
      <h1>Authorities</h1>
      <Answer
        loaded={bothOf(authorities, finality)}
        show={([set, finality]) => {
          const { votes, justified, finalized } = finality;
          return (
            <>
              <Section title="Turns and work" aside={`turns counted from block ${whole(set.countedFrom)} on`}>
                <AuthorityTable set={set} finality={finality} />
              </Section>
              <Later
                from="stories.js"
                show={({ TurnMap, Days }) => (
                  <>
                    <TurnMap />
                    <Days addresses={set.authorities.map(({ address }) => address)} />
                  </>
                )}
              />
              <Section
                title="Finality"
                aside={
                  <>
                    <Term word="round">round</Term> {whole(votes.round)}
                  </>
                }
              >
                <p>
                  {votes.heard.length} of {set.authorities.length} votes of this round were heard,{" "}
                  {votes.quorum} are needed. Block{" "}
                  <a href={`#/block/${justified.id}`}>{whole(justified.height)}</a> is justified, block{" "}
                  <a href={`#/block/${finalized.id}`}>{whole(finalized.height)}</a> is final.
                </p>
              </Section>
              <Parameters />
              <Later from="stories.js" show={({ Changes }) => <Changes openVotes={set.openVotes} />} />
              <Proposals proposals={set.proposals} />
              <EvidenceList evidence={set.evidence} />
            </>
          );
        }}
      />
    </>
  );
}

/** The parameters that votes can change. */
function Parameters(): Markup {
  const { status } = useStore(live);
  const parameters = status?.parameters;
  if (!parameters) return null;
  const { maxBlockTransactions, maxBlockBytes, rules } = parameters;
  return (
    <Section title="Parameters" aside="a majority of the authorities changes them">
      <Facts>
        <PeriodFacts {...parameters} />
        <PriceFacts {...parameters} />
        <Fact name="Most in a block">
          {count(maxBlockTransactions, "transaction")}, {byteSize(maxBlockBytes)}
        </Fact>
        <Fact name="Version of the rules">{rules}</Fact>
      </Facts>
    </Section>
  );
}

function Proposals({ proposals }: { proposals: readonly Proposal[] }): Markup {
  if (proposals.length === 0) return null;
  const columns = [
    { head: "Candidate or parameter", cell: (proposal: Proposal) => <Subject vote={proposal} /> },
    { head: "Wish", cell: ({ kind }: Proposal) => kind },
    {
      head: "Votes",
      cell: ({ votes, needed, enacted }: Proposal) =>
        enacted ? <Tag tone="good">enacted</Tag> : `${votes} of ${needed}`,
    },
    { head: "Since", cell: ({ proposedAt }: Proposal) => <Age atMs={proposedAt} /> },
  ];
  return (
    <Section title="Proposals of this node">
      <Table caption="Proposals" columns={columns} rows={proposals} rowKey={subjectOf} empty="None." />
    </Section>
  );
}

function EvidenceList({ evidence }: { evidence: readonly Evidence[] }): Markup {
  const columns = [
    { head: "Authority", cell: ({ offender }: Evidence) => <Address address={offender} /> },
    { head: "Has signed", cell: ({ offence }: Evidence) => offences[offence][0] },
    {
      head: "When",
      cell: ({ slot, round }: Evidence) => (slot === undefined ? `round ${round}` : `slot ${slot}`),
    },
    {
      head: "Conflicting",
      cell: ({ conflicting }: Evidence) =>
        conflicting.map((id) => (
          <Fragment key={id}>
            <code title={id}>{short(id)}</code>{" "}
          </Fragment>
        )),
    },
    { head: "Received", cell: ({ receivedAt }: Evidence) => <Age atMs={receivedAt} /> },
  ];
  return (
    <Section title="Evidence of faults">
      <Table
        caption="Evidence"
        columns={columns}
        rows={evidence}
        rowKey={({ id }) => id}
        empty="None: no authority is known to have signed contradicting blocks or votes."
      />
      {evidence.length === 0 ? null : (
        <>
          {[...new Set(evidence.map(({ offence }) => offence))].map((offence) => (
            <p key={offence}>
              <strong>Why {offences[offence][0]} must not be signed:</strong> {offences[offence][1]}
            </p>
          ))}
          <p class="quiet">
            Both signatures are kept as proof, which every node checks; nobody else can make them. Often it is
            no attack but a copy of the node, or a restored backup, that runs twice. A majority of the
            authorities can vote it out: ccoin propose remove.
          </p>
        </>
      )}
    </Section>
  );
}
