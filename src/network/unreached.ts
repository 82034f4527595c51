import { RateLimiter } from "../../protocols/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { Candidate } from "./candidate.ts";
import type { PeerId } from "./types.ts";

/** Attempts after which a peer is unlikely to be merely starting. */
const saidAfterAttempts = 4;
const wordsPerAddress = { requests: 1, perMs: 10 * 60_000 };
/** The end of a warning whose reason does not say what to do. */
const hint =
  ": if it runs, it may let in no more nodes of this address (its --max-per-address), or only those with its network key or on its list (--network-key-file, --allow-peers)";

/** A chain other than this node's, and the peer that follows it. */
export interface OtherChain {
  peer: PeerId;
  genesisId: Hex;
  /** The peer's name for itself; undefined if it did not say. */
  name: string | undefined;
}

/** An address that a person gave, and why no connection to it lasts. */
export interface UnreachedAddress {
  /** The address that the person gave, with the id of a peer or without. */
  address: string;
  reason: string;
  otherChain?: OtherChain;
}

/** Tells the operator which of the given addresses cannot be connected, or have connections that end at once. */
export class Unreached {
  readonly #bootstrap: readonly string[];
  readonly #logger: Logger;
  readonly #words: RateLimiter;
  /** One entry an address; deleted when the address is reached. */
  readonly #reasons = new Map<string, UnreachedAddress>();

  constructor(options: { bootstrap: readonly string[]; clock: Clock; logger: Logger }) {
    const { bootstrap, clock, logger } = options;
    this.#bootstrap = bootstrap;
    this.#logger = logger;
    this.#words = new RateLimiter(clock);
  }

  /** `error` is undefined if the connection was made, and ended too soon. */
  failed(candidate: Candidate, error: unknown): void {
    const [address] = this.#given(candidate);
    const { attempts } = candidate;
    if (address === undefined || attempts < saidAfterAttempts) return;
    // A node of another chain is sent away each time, which says nothing new.
    if (error === undefined && this.#reasons.get(address)?.otherChain) return;
    const reason = error === undefined ? "the connection was closed at once" : reasonOf(error);
    this.#reasons.set(address, { address, reason });
    if (attempts > saidAfterAttempts || !this.#words.take(address, wordsPerAddress)) return;
    this.#logger.warn(
      { address, reason },
      `a node that was given is not reached${isPlain(error) ? "" : hint}`,
    );
  }

  /** The peer at the address was reached, and follows another chain. */
  isOfOtherChain(candidate: Candidate, otherChain: OtherChain): void {
    const [address] = this.#given(candidate);
    if (address === undefined) return;
    this.#reasons.set(address, { address, reason: "it is of another chain", otherChain });
    if (!this.#words.take(`other chain ${address}`, wordsPerAddress)) return;
    const { peer, genesisId: genesis, name } = otherChain;
    this.#logger.warn({ address, peer, genesis, name }, "a node that was given is of another chain");
  }

  /** The peer answers; whether it still follows another chain is not known yet. */
  answered(candidate: Candidate, peer: PeerId): void {
    for (const address of this.#given(candidate))
      if (this.#reasons.get(address)?.otherChain?.peer !== peer) this.#reasons.delete(address);
  }

  /** A connection has lasted. */
  reached(candidate: Candidate): void {
    for (const address of this.#given(candidate)) this.#reasons.delete(address);
  }

  list(): UnreachedAddress[] {
    return [...this.#reasons.values()];
  }

  /** The addresses of the candidate as the person gave them. */
  #given({ id, given }: Candidate): string[] {
    return given.map((bare) => {
      const withId = `${bare}/p2p/${id}`;
      return this.#bootstrap.includes(withId) ? withId : bare;
    });
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
  // Only the time-out aborts an attempt.
  ["aborted", "nothing answers in time"],
  ["does not match expected", "another node answers there"],
];

function knownMeaning(error: unknown): string | undefined {
  return meanings.find(([code]) => messageOf(error).includes(code))?.[1];
}

/** True if the meaning of every error is known. */
function isPlain(error: unknown): boolean {
  return errorsOf(error).every((one) => knownMeaning(one) !== undefined);
}

function meaningOf(error: unknown): string {
  const text = messageOf(error);
  const meaning = knownMeaning(error);
  return meaning === undefined ? text : `${meaning} (${text})`;
}

/** libp2p tries all addresses of a peer, and has one error for each. */
function errorsOf(error: unknown): readonly unknown[] {
  return error instanceof AggregateError ? error.errors : [error];
}

function reasonOf(error: unknown): string {
  return [...new Set(errorsOf(error).map(meaningOf))].join("; ");
}
