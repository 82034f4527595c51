import type { Authorities, Authority, Finality, Peer } from "../../client/index.ts";
import { byteSize, count, duration, rounded, whole } from "../format.ts";
import { client, live, nodeTime } from "../live.ts";
import type { Markup } from "../markup.ts";
import { shownAddress } from "../names.ts";
import { AuthorityTable } from "../parts/authorities.tsx";
import { DiagnosisNote } from "../parts/diagnosis.tsx";
import { Answer, Section } from "../parts/layout.tsx";
import { Age, Swatch } from "../parts/names.tsx";
import { PeerGraph, PeerTable } from "../parts/peers.tsx";
import { Plot } from "../parts/plot.tsx";
import { RecoveryNote } from "../parts/recovery.tsx";
import { Countdown, ForkMark, Strip } from "../parts/strip.tsx";
import { Term } from "../parts/term.tsx";
import {
  expectedProposer,
  haltSamples,
  intervals,
  mean,
  recentRate,
  type Sample,
  sizes,
  transactionRates,
} from "../shape.ts";
import { useLoad, useSeconds, useStore } from "../store.ts";

/** The state of the whole chain at a glance. */
export function Overview(): Markup {
  const { status, diagnosis, blocks, polls } = useStore(live);
  const authorities = useLoad(() => client.authorities(), status?.head?.id);
  const others = useLoad(() => Promise.all([client.finality(), client.peers()]), polls);
  const set = authorities.data;
  const next = set && expectedProposer(set.authorities);
  return (
    <>
      <h1 class="unseen">Overview</h1>
      {diagnosis ? <DiagnosisNote diagnosis={diagnosis} /> : null}
      {status && status.recoveries.length > 0 ? <RecoveryNote recoveries={status.recoveries} /> : null}
      <Figures next={next} />
      <Section
        title="Newest blocks"
        aside={
          <>
            <span class="off-phones">
              <ForkMark />
            </span>{" "}
            <a href="#/blocks">All blocks</a>
          </>
        }
      >
        {blocks.length > 0 ? (
          <Strip next={next?.address} />
        ) : (
          <p class={`strip empty ${status ? "" : "wait"}`}>
            {status && !status.head ? "No block yet." : "Asking the node…"}
          </p>
        )}
      </Section>
      <Plots />
      {status?.head ? (
        <Answer
          loaded={others}
          show={([finality, peers]) =>
            set === undefined ? null : <Around set={set} finality={finality} peers={peers} />
          }
        />
      ) : null}
    </>
  );
}

function Figures({ next }: { next: Authority | undefined }): Markup {
  const { status, blocks, finalityLags } = useStore(live);
  const { head, finalized, mempool, mode, sync } = status ?? {};
  const lag = head && finalized ? head.height - finalized.height : 0;
  const lagMs = finalityLags.at(-1)?.value;
  return (
    <dl class="figures">
      <Figure name="Head" value={head ? whole(head.height) : "–"}>
        {head ? <Age atMs={head.timestamp} /> : `mode ${mode ?? "…"}`}
        {sync ? ` · of ${whole(sync.targetHeight)}` : ""}{" "}
        <span class="on-phones">
          <ForkMark />
        </span>
      </Figure>
      <Figure name={<Term word="final">Final</Term>} value={finalized ? whole(finalized.height) : "–"}>
        {finalized ? (lag === 0 ? "the head" : `${count(lag, "block")} behind`) : ""}
        {finalized && lagMs !== undefined ? ` · in ${duration(lagMs)}` : ""}
      </Figure>
      <Figure name="Next block" value={<Countdown />}>
        {next ? (
          <>
            {next.inTurn ? (
              <>
                <Term word="turn">turn</Term> of
              </>
            ) : (
              "next is"
            )}{" "}
            <Swatch address={next.address} />{" "}
            <a class="id" href={`#/account/${next.address}`} title={next.address}>
              <bdi>{shownAddress(next.address)}</bdi>
            </a>
          </>
        ) : (
          ""
        )}
      </Figure>
      <Figure
        name="Transactions"
        value={
          <>
            {rounded(recentRate(blocks, nodeTime(Date.now())))}
            <small>/s</small>
          </>
        }
      >
        over the last minute
      </Figure>
      <Figure name="Mempool" value={mempool ? whole(mempool.count) : "–"}>
        <a href="#/mempool">
          {mempool && mempool.count > 0 ? `${byteSize(mempool.bytes)} waiting` : "nothing waits"}
        </a>
      </Figure>
    </dl>
  );
}

function Figure({ name, value, children }: { name: Markup; value: Markup; children?: Markup }): Markup {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        <span class="quiet">{children}</span>
      </dd>
    </div>
  );
}

function Plots(): Markup {
  const state = useStore(live);
  const { blocks, mempoolCounts } = state;
  const halt = haltSamples(state, nodeTime(useSeconds()));
  const and = (samples: readonly Sample[], last: Sample | undefined) => (last ? [...samples, last] : samples);
  const gaps = intervals(blocks);
  const oldest = blocks.at(-1);
  const span =
    oldest && gaps.length > 0 ? `${count(blocks.length, "block")}, ${duration(mean(gaps))} apart` : "";
  return (
    <Section
      title="Over time"
      aside={
        <>
          <span class="quiet">{span}</span> <a href="#/long-term">Long term</a>
        </>
      }
    >
      <div class="plots">
        <Plot
          title="Transactions"
          samples={and(transactionRates(blocks), halt?.rate)}
          isHalt={halt !== undefined}
          kind="bars"
          format={(value: number) => `${rounded(value)}/s`}
          empty="After two blocks."
        />
        <Plot
          title="Block interval"
          samples={and(gaps, halt?.interval)}
          isHalt={halt !== undefined}
          format={duration}
          empty="After two blocks."
        />
        <Plot
          title="Block size"
          samples={sizes(blocks)}
          kind="bars"
          format={byteSize}
          empty="After the first block."
        />
        <Plot
          title="Time to finality"
          samples={and(state.finalityLags, halt?.finality)}
          isHalt={halt?.finality !== undefined}
          format={duration}
          empty="With the next final block."
        />
        <Plot
          title="Mempool"
          samples={mempoolCounts}
          format={(value: number) => whole(Math.round(value))}
          empty="In a moment."
        />
      </div>
    </Section>
  );
}

function Around({ set, finality, peers }: { set: Authorities; finality: Finality; peers: Peer[] }): Markup {
  const { status } = useStore(live);
  if (!status) return null;
  const { quorum } = finality.votes;
  return (
    <>
      <Section
        title={<Term word="authority">Authorities</Term>}
        aside={<a href="#/authorities">Votes and evidence</a>}
      >
        <AuthorityTable set={set} finality={finality} />
        <p class="quiet">
          {count(quorum, "vote")} of {set.authorities.length} finalize a block.
        </p>
      </Section>
      <Section title="Peers" aside={<a href="#/peers">All peers</a>}>
        <div class="beside">
          <PeerGraph status={status} peers={peers} />
          <PeerTable status={status} peers={peers} brief />
        </div>
      </Section>
    </>
  );
}
