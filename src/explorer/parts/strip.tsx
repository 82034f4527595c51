import type { BlockSummary, SideBlock } from "../../client/index.ts";
import { duration, whole } from "../format.ts";
import { live, nodeTime } from "../live.ts";
import type { Markup } from "../markup.ts";
import { shownAddress } from "../names.ts";
import { lateMs, nextBlockMs } from "../shape.ts";
import { useNow, useStore } from "../store.ts";
import { Swatch } from "./names.tsx";

const shownBlocks = 24;

/**
 * The newest blocks side by side, after the one that is expected from `next`. Blocks that lost against one are below
 * it.
 */
export function Strip({ next }: { next: string | undefined }): Markup {
  const { blocks, forks, status } = useStore(live);
  const shown = blocks.slice(0, shownBlocks);
  const most = Math.max(...shown.map(({ transactionCount }) => transactionCount), 1);
  const finalHeight = status?.finalized?.height ?? -1;
  return (
    <ol class="strip" aria-label="The newest blocks, newest first">
      <Awaited next={next} />
      {shown.map((block) => (
        <li key={block.id}>
          <Tile block={block} fill={block.transactionCount / most} isFinal={block.height <= finalHeight} />
          {forks
            .filter(({ height }) => height === block.height)
            .map((fork) => (
              <Ghost fork={fork} key={fork.id} />
            ))}
        </li>
      ))}
    </ol>
  );
}

function Tile({ block, fill, isFinal }: { block: BlockSummary; fill: number; isFinal: boolean }): Markup {
  const { id, height, proposer, transactionCount, difficulty } = block;
  const turn = height === 0 ? "the genesis block" : difficulty === 2 ? "in turn" : "out of turn";
  return (
    <a
      class={`tile ${isFinal ? "final" : ""}`}
      href={`#/block/${id}`}
      title={`${turn}, by ${shownAddress(proposer)}`}
    >
      <span class="fill" style={{ blockSize: `${Math.round(fill * 100)}%` }}></span>
      <span class="height">
        <span class="unseen">Block </span>
        {whole(height)}
      </span>
      <span class="count">{whole(transactionCount)} tx</span>
      <span class="foot">
        <Swatch address={proposer} />
        <span class="unseen">{isFinal ? "final" : "not final yet"}</span>
        {isFinal ? (
          <span class="check" aria-hidden="true">
            ✓
          </span>
        ) : null}
      </span>
    </a>
  );
}

function Ghost({ fork: { id, height, proposer, retracted, returned } }: { fork: SideBlock }): Markup {
  return (
    <a
      class={`tile ghost ${retracted ? "retracted" : ""}`}
      href={`#/forks/${id}`}
      title={`not on the chain, by ${shownAddress(proposer)}`}
    >
      <span class="height">
        <span class="unseen">Block </span>
        {whole(height)}
      </span>
      <span class="count">{retracted ? "retracted" : "fork"}</span>
      {retracted ? <span class="count">{whole(returned)} back</span> : null}
      <span class="foot">
        <Swatch address={proposer} />
      </span>
    </a>
  );
}

/** Counts the retracted blocks with transactions among the newest heights, and links to the page of forks. */
export function ForkMark(): Markup {
  const { blocks, forks } = useStore(live);
  const oldest = blocks.at(-1)?.height ?? 0;
  const retracted = forks.filter(
    (fork) => fork.retracted && fork.transactionCount > 0 && fork.height >= oldest,
  );
  if (retracted.length === 0) return forks.length > 0 ? <a href="#/forks">Forks</a> : null;
  const returned = retracted.reduce((sum, fork) => sum + fork.returned, 0);
  return (
    <a class="tag bad" href="#/forks">
      {whole(retracted.length)} retracted, {whole(returned)} back
    </a>
  );
}

function Awaited({ next }: { next: string | undefined }): Markup {
  const { status, blocks } = useStore(live);
  const head = blocks[0];
  if (!head || !status) return null;
  return (
    <li>
      <span class="tile awaited">
        <span class="height">{whole(head.height + 1)}</span>
        <span class="count">
          <Countdown />
        </span>
        <span class="foot">{next ? <Swatch address={next} /> : null}</span>
      </span>
    </li>
  );
}

/** The time until the next block is due. */
export function Countdown(): Markup {
  const { connection, status, genesis, blocks } = useStore(live);
  const nowMs = nodeTime(useNow());
  const head = blocks[0];
  if (connection === "lost" || !status || !genesis || !head) return "–";
  const dueMs = nextBlockMs(head, status, genesis);
  if (dueMs === undefined) return "on demand";
  const leftMs = dueMs - nowMs;
  if (leftMs < -lateMs) return `${duration(-leftMs)} late`;
  return leftMs <= 0 ? "now" : leftMs < 100_000 ? `${(leftMs / 1000).toFixed(1)} s` : duration(leftMs);
}
