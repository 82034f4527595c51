import { RateLimiter } from "../../protocols/index.ts";
import { type Header, type OpenVote, voteKinds } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";
import { seriesAt, voteBlockDueMs } from "./vote-blocks.ts";

/**
 * The quota for an authority's votes that the others answer with blocks, and for the series of blocks that it begins
 * and they complete: far more than the votes that it can have open, and then one every quarter of an hour.
 */
export const answeredVotes = { requests: 64, perMs: 64 * 900_000 };
const remembered = 1024;

/**
 * Tells for which open votes a chain that makes no empty blocks makes some. An authority can vote, withdraw and vote
 * again in each block that the answer to its last vote lets it make. A few that take turns can begin a series of blocks
 * for an open vote whenever the others have completed one. Either would have the chain make blocks forever.
 */
export class AnsweredVotes {
  readonly #chain: Pick<Chain, "events" | "snapshot">;
  readonly #limiter: RateLimiter;
  readonly #unanswered = new LruMap<string, true>(remembered);
  /** The height of the block that began a series that is not completed. */
  #unansweredFrom: number | undefined;
  readonly #stop: () => void;

  constructor({ chain, clock }: { chain: Pick<Chain, "events" | "snapshot">; clock: Clock }) {
    this.#chain = chain;
    this.#limiter = new RateLimiter(clock);
    this.#stop = chain.events.on("head", ({ applied }) => {
      for (const block of applied) this.#take(block);
    });
  }

  stop(): void {
    this.#stop();
  }

  /** The time from which a block on the head is due because of a vote; infinite if there is none to answer. */
  dueMs(head: Pick<Header, "height" | "timestamp">): number {
    const { snapshot } = this.#chain;
    const openVotes = this.#among(snapshot.openVotes);
    return voteBlockDueMs({ ...snapshot, openVotes }, head, (first) => first !== this.#unansweredFrom);
  }

  #take({ header, height }: Pick<WeightedHeader, "header" | "height">): void {
    const { proposer, vote } = header.message;
    const account = toHex(proposer);
    if (vote.kind !== voteKinds.none && !this.#limiter.take(account, answeredVotes))
      this.#unanswered.set(keyOf({ voter: proposer, height }), true);
    const { authorities, openVotes } = this.#chain.snapshot;
    const series = seriesAt({ authorities, openVotes: this.#among(openVotes) }, height);
    // The first series belongs to the vote.
    if (!series || series.number === 1 || series.first !== height) return;
    const isAnswered = this.#limiter.take(`series ${account}`, answeredVotes);
    this.#unansweredFrom = isAnswered ? undefined : height;
  }

  #among(openVotes: readonly OpenVote[]): OpenVote[] {
    return openVotes.filter((vote) => !this.#unanswered.has(keyOf(vote)));
  }
}

function keyOf({ voter, height }: Pick<OpenVote, "voter" | "height">): string {
  return `${toHex(voter)} ${height}`;
}
