import { RateLimiter } from "../../protocols/index.ts";
import { type OpenVote, voteKinds } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import type { Chain } from "./chain.ts";

/** Votes of an authority that others answer with blocks: far more than can be open, then one in 15 minutes. */
export const answeredVotes = { requests: 64, perMs: 64 * 900_000 };
const remembered = 1024;

/**
 * Tells for which open votes a chain that makes no empty blocks makes some. An authority can vote, withdraw and vote
 * again in each block that the answer to its last vote lets it make, and would so have the chain make blocks forever.
 */
export class AnsweredVotes {
  readonly #limiter: RateLimiter;
  readonly #unanswered = new LruMap<string, true>(remembered);
  readonly #stop: () => void;

  constructor({ chain, clock }: { chain: Pick<Chain, "events">; clock: Clock }) {
    this.#limiter = new RateLimiter(clock);
    this.#stop = chain.events.on("head", ({ applied }) => {
      for (const { header, height } of applied) {
        const { proposer: voter, vote } = header.message;
        if (vote.kind === voteKinds.none || this.#limiter.take(toHex(voter), answeredVotes)) continue;
        this.#unanswered.set(keyOf({ voter, height }), true);
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  among(openVotes: readonly OpenVote[]): OpenVote[] {
    return openVotes.filter((vote) => !this.#unanswered.has(keyOf(vote)));
  }
}

function keyOf({ voter, height }: Pick<OpenVote, "voter" | "height">): string {
  return `${toHex(voter)} ${height}`;
}
