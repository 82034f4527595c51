import type { Authorities, Change, Status } from "../../client/index.ts";
import { count, dateTime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section, Tag } from "../parts/layout.tsx";
import { Authority, BlockLink } from "../parts/names.tsx";
import { Subject } from "../parts/votes.tsx";
import { useLoad, useStore } from "../store.ts";

type OpenVote = Authorities["openVotes"][number];
type Recovery = Status["recoveries"][number];

const verbs = { add: "added", remove: "removed", set: "set" } as const;

/** Changes of the chain by people, newest first: votes that are open, enacted votes, recoveries. */
export function Changes({ openVotes }: { openVotes: readonly OpenVote[] }): Markup {
  const { status, genesis } = useStore(live);
  const parameters = JSON.stringify(status?.parameters);
  const loaded = useLoad(() => client.changes({ limit: 100 }), `${parameters} ${openVotes.length}`);
  return (
    <Section title="What has changed" aside="votes and recoveries, newest first">
      <Answer
        loaded={loaded}
        show={({ changes, next }) => {
          const entries = [
            ...changes.map((change) => ({ height: change.block.height, shown: <Enacted change={change} /> })),
            ...(status?.recoveries ?? []).map((recovery) => ({
              height: recovery.block.height,
              shown: <Recovered recovery={recovery} />,
            })),
          ].sort((a, b) => b.height - a.height);
          return (
            <ol class="timeline">
              {openVotes.map((vote) => (
                <li key={`${vote.voter} ${vote.height}`}>
                  <Tag>open</Tag> <Authority address={vote.voter} /> votes to {vote.kind}{" "}
                  <Subject vote={vote} />{" "}
                  <span class="quiet">
                    since block <a href={`#/block/${vote.height}`}>{whole(vote.height)}</a>
                  </span>
                </li>
              ))}
              {entries.map(({ height, shown }, index) => (
                <li key={`${height} ${index}`}>{shown}</li>
              ))}
              {next === null && genesis ? (
                <li>
                  <Tag tone="good">began</Tag> <a href="#/block/0">with the genesis block</a>:{" "}
                  {count(genesis.authorities.length, "authority", "authorities")}
                </li>
              ) : (
                <li class="quiet">Earlier changes: GET /v1/changes?before={next}</li>
              )}
            </ol>
          );
        }}
      />
    </Section>
  );
}

function Enacted({ change: { block, vote, voters } }: { change: Change }): Markup {
  return (
    <>
      <Tag tone="good">{verbs[vote.kind]}</Tag> <Subject vote={vote} /> at block <BlockLink {...block} />{" "}
      <span class="quiet">{dateTime(block.timestamp)}</span>, by {count(voters.length, "vote")}:{" "}
      {voters.map((voter) => (
        <>
          <Authority address={voter} />{" "}
        </>
      ))}
    </>
  );
}

function Recovered({ recovery: { block, authorities } }: { recovery: Recovery }): Markup {
  return (
    <>
      <Tag tone="warn">recovered</Tag> People agreed to go on from block <BlockLink {...block} /> with{" "}
      {count(authorities, "authority", "authorities")}
    </>
  );
}
