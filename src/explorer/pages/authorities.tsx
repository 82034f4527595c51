import { Fragment } from "preact";
import type { Authorities, Evidence, Proposal } from "../../client/index.ts";
import { byteSize, count, short, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { AuthorityTable } from "../parts/authorities.tsx";
import { Answer, Fact, Facts, Section, Tag } from "../parts/layout.tsx";
import { Address, Age } from "../parts/names.tsx";
import { PeriodFacts, PriceFacts } from "../parts/parameters.tsx";
import { Table } from "../parts/table.tsx";
import { Term } from "../parts/term.tsx";
import { Subject, subjectOf } from "../parts/votes.tsx";
import { useLoad, useStore } from "../store.ts";

type OpenVote = Authorities["openVotes"][number];

const offences: Readonly<Record<Evidence["offence"], string>> = {
  header: "two blocks in one slot",
  doubleVote: "two finality votes in one round",
  surround: "a finality vote that surrounds another",
};

export function AuthoritiesPage(): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(
    () => Promise.all([client.authorities(), client.finality()]),
    `${status?.head?.id} ${status?.finalized?.id}`,
  );
  return (
    <>
      <h1>Authorities</h1>
      <Answer
        loaded={loaded}
        show={([set, finality]) => {
          const { votes, justified, finalized } = finality;
          return (
            <>
              <Section title="Turns and work" aside={`turns counted from block ${whole(set.countedFrom)} on`}>
                <AuthorityTable set={set} finality={finality} />
              </Section>
              <Section
                title="Finality"
                aside={
                  <>
                    <Term word="round">round</Term> {votes.round}
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
              <Votes set={set} />
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

function Votes({ set }: { set: Authorities }): Markup {
  const openColumns = [
    { head: "Voter", cell: ({ voter }: OpenVote) => <Address address={voter} /> },
    { head: "Wants to", cell: ({ kind }: OpenVote) => kind },
    { head: "Candidate or parameter", cell: (vote: OpenVote) => <Subject vote={vote} /> },
    {
      head: "Block",
      cell: ({ height }: OpenVote) => <a href={`#/block/${height}`}>{whole(height)}</a>,
    },
  ];
  const ownColumns = [
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
    <>
      <Section title="Open votes">
        <Table
          caption="Open votes"
          columns={openColumns}
          rows={set.openVotes}
          rowKey={(vote) => vote.voter + subjectOf(vote)}
          empty="None: no authority votes to add or remove an authority, or to change a parameter."
        />
      </Section>
      {set.proposals.length === 0 ? null : (
        <Section title="Proposals of this node">
          <Table
            caption="Proposals"
            columns={ownColumns}
            rows={set.proposals}
            rowKey={subjectOf}
            empty="None."
          />
        </Section>
      )}
    </>
  );
}

function EvidenceList({ evidence }: { evidence: readonly Evidence[] }): Markup {
  const columns = [
    { head: "Authority", cell: ({ offender }: Evidence) => <Address address={offender} /> },
    { head: "Has signed", cell: ({ offence }: Evidence) => offences[offence] },
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
        <p class="quiet">
          Whoever signs what contradicts itself can be voted out: ccoin propose remove, on a majority of the
          authorities.
        </p>
      )}
    </Section>
  );
}
