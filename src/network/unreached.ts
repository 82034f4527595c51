import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Candidate } from "./candidate.ts";

/** Attempts after which a peer is unlikely to be merely starting. */
const saidAfterAttempts = 4;
const wordsPerAddress = { requests: 1, perMs: 10 * 60_000 };
const hint =
  "if it runs, it may let in no more nodes of this address (its --max-per-address), or only those with its network key or on its list (--network-key-file, --allow-peers)";

/** Tells the operator of addresses that a person gave and that cannot be connected, or at which connections end at once. */
export class Unreached {
  readonly #logger: Logger;
  readonly #words: RateLimiter;

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#logger = logger;
    this.#words = new RateLimiter(clock);
  }

  /** `error` is undefined if the connection was made, and ended too soon. */
  failed({ given, attempts }: Candidate, error: unknown): void {
    const [address] = given;
    if (address === undefined || attempts !== saidAfterAttempts) return;
    if (!this.#words.take(address, wordsPerAddress)) return;
    const reason = error === undefined ? "the connection was closed at once" : reasonOf(error);
    this.#logger.warn({ address, reason }, `a node that was given is not reached: ${hint}`);
  }
}

/** libp2p tries all addresses of a peer, and has one error for each. */
function reasonOf(error: unknown): string {
  const all = error instanceof AggregateError ? error.errors : [error];
  return [...new Set(all.map(messageOf))].join("; ");
}
