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

/** An address that a person gave, and why no connection to it lasts. */
export interface UnreachedAddress {
  address: string;
  reason: string;
}

/** Tells the operator of addresses that a person gave and that cannot be connected, or at which connections end at once. */
export class Unreached {
  readonly #logger: Logger;
  readonly #words: RateLimiter;
  /** The reasons by address, as long as they hold. */
  readonly #reasons = new Map<string, string>();

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#logger = logger;
    this.#words = new RateLimiter(clock);
  }

  /** `error` is undefined if the connection was made, and ended too soon. */
  failed({ given, attempts }: Candidate, error: unknown): void {
    const [address] = given;
    if (address === undefined || attempts < saidAfterAttempts) return;
    const reason = error === undefined ? "the connection was closed at once" : reasonOf(error);
    this.#reasons.set(address, reason);
    if (attempts > saidAfterAttempts || !this.#words.take(address, wordsPerAddress)) return;
    this.#logger.warn({ address, reason }, `a node that was given is not reached: ${hint}`);
  }

  reached({ given }: Candidate): void {
    for (const address of given) this.#reasons.delete(address);
  }

  list(): UnreachedAddress[] {
    return [...this.#reasons].map(([address, reason]) => ({ address, reason }));
  }
}

/** The meaning of each code of the system, or of a part of an error's text. */
const meanings: readonly (readonly [code: string, meaning: string])[] = [
  ["ECONNREFUSED", "the connection is refused"],
  ["ENOTFOUND", "the name does not resolve"],
  ["EAI_AGAIN", "the name does not resolve"],
  ["EHOSTUNREACH", "there is no way to this host"],
  ["ENETUNREACH", "there is no way to this network"],
  ["ETIMEDOUT", "nothing answers in time"],
  ["does not match expected", "another node answers there"],
];

function meaningOf(error: unknown): string {
  const text = messageOf(error);
  const meaning = meanings.find(([code]) => text.includes(code))?.[1];
  return meaning === undefined ? text : `${meaning} (${text})`;
}

/** libp2p tries all addresses of a peer, and has one error for each. */
function reasonOf(error: unknown): string {
  const all = error instanceof AggregateError ? error.errors : [error];
  return [...new Set(all.map(meaningOf))].join("; ");
}
