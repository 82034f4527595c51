import { RateLimiter } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { authorityIndex, voteEvidence } from "../consensus/index.ts";
import type { FinalityStore } from "../storage/finality.ts";
import type { Certificate, Evidence, SignedFinalityVote } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";

/**
 * The newest settled rounds. Votes arrive just after a round is settled: their certificates stay in memory, and votes
 * of older rounds use up nothing that these need.
 */
export const newest = 16;
/** The rate at which other certificates are read, for votes of older rounds: a certificate can have 100 kB. */
export const readQuota = { requests: 100, perMs: 2_000 };

/** Compares votes with those that settled their rounds, however long ago: they are on disk. */
export class SettledVotes {
  readonly #chain: Pick<Chain, "justified">;
  readonly #certificates: Pick<FinalityStore, "certificate">;
  readonly #limiter: RateLimiter;
  readonly #cache = new LruMap<number, Certificate>(newest);

  constructor(
    chain: Pick<Chain, "justified">,
    certificates: Pick<FinalityStore, "certificate">,
    clock: Clock,
  ) {
    this.#chain = chain;
    this.#certificates = certificates;
    this.#limiter = new RateLimiter(clock);
  }

  /**
   * Evidence from the vote and the same voter's vote in the certificate of its round. Both signatures have been
   * checked.
   */
  async compare(vote: SignedFinalityVote): Promise<Evidence | undefined> {
    const certificate = await this.#of(vote.message.target.round);
    if (!certificate) return undefined;
    const at = authorityIndex(certificate.voters, vote.voter);
    if (at < 0) return undefined;
    const settled = { message: certificate.link, voter: vote.voter, signature: certificate.signatures[at]! };
    return voteEvidence(settled, vote);
  }

  async #of(round: number): Promise<Certificate | undefined> {
    const { justified } = this.#chain;
    if (round > justified.round) return undefined;
    if (round <= justified.round - newest)
      return this.#limiter.take("certificates", readQuota)
        ? this.#certificates.certificate(round)
        : undefined;
    const known = this.#cache.get(round) ?? (await this.#certificates.certificate(round));
    if (known) this.#cache.set(round, known);
    return known;
  }
}
