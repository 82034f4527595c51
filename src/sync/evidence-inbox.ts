import {
  evidence as evidenceProtocol,
  maxEvidencePerRequest,
  RateLimiter,
  RequestError,
} from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { commandLine } from "../config/index.ts";
import {
  authorityIndex,
  checkEvidence,
  EquivocationWatch,
  EvidenceError,
  type EvidenceRules,
  type EvidenceSubject,
  evidenceSubject,
  isWithin,
  type Offence,
  type Rounds,
} from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Network, PeerId, Verdict } from "../network/types.ts";
import type { EvidenceStore } from "../storage/evidence.ts";
import type { FinalityStore } from "../storage/finality.ts";
import {
  Evidence,
  FinalityVote,
  Header,
  rootOf,
  type SignedFinalityVote,
  type SignedHeader,
  slotOf,
} from "../types/index.ts";
import { concatBytes, type Hex, toHex, uint64Bytes } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { EvidenceList, type EvidenceSummary, type ListedEvidence } from "./evidence-list.ts";
import { Places } from "./places.ts";
import { recordBytes } from "./serve.ts";
import { SettledVotes } from "./settled-votes.ts";
import type { Topics } from "./topics.ts";
import { evidenceVerdicts } from "./verdicts.ts";

/**
 * New evidence against one authority: many pieces at once, then as many as an authority that runs twice produces in the
 * rounds of a chain. Headers, votes of open rounds and votes of other rounds have separate budgets, and so have
 * evidence that this node finds and evidence from others. Each is some 40 MB a day at most, until the authority is
 * voted out.
 */
export const offenderQuota = { requests: 1_024, perMs: 1_024_000 };
/** Pieces being checked at once. */
export const maxChecks = { each: 4, inAll: 64, always: 1 };
const maxListed = 1024;
/** Rounds above the justified one whose contradictions have a budget of their own, however many others there are. */
export const openRoundsAhead = 8;

export interface EvidenceInboxOptions {
  network: Pick<Network, "request" | "serve" | "penalize" | "hostOf">;
  topics: Pick<Topics, "publish">;
  chain: Pick<Chain, "justified" | "finalized" | "snapshot">;
  store: Pick<EvidenceStore, "put" | "get" | "all">;
  /** Votes are compared with those in the certificates of settled rounds. */
  certificates: Pick<FinalityStore, "certificate">;
  clock: Clock;
  logger: Logger;
  verify: Verify;
  rules: EvidenceRules;
}

/**
 * Finds, accepts, stores and passes on evidence of equivocation: one piece for each offender, kind, and slot or round.
 */
export class EvidenceInbox {
  readonly #options: EvidenceInboxOptions;
  readonly #watch: EquivocationWatch;
  readonly #list = new EvidenceList();
  readonly #limiter: RateLimiter;
  readonly #places = new Places(maxChecks);
  readonly #settled: SettledVotes;
  /** Offences being stored, so that none is stored twice. */
  readonly #storing = new Set<string>();

  private constructor(options: EvidenceInboxOptions) {
    this.#options = options;
    const { slotMs } = options.rules;
    this.#watch = new EquivocationWatch({
      slotMs,
      presentSlot: () => slotOf(options.clock.now(), slotMs),
      openRounds: () => this.#openRounds,
    });
    this.#settled = new SettledVotes(options.chain, options.certificates, options.clock);
    this.#limiter = new RateLimiter(options.clock);
  }

  static async open(options: EvidenceInboxOptions): Promise<EvidenceInbox> {
    const inbox = new EvidenceInbox(options);
    const { slotMs } = options.rules;
    const stored: ListedEvidence[] = [];
    for await (const { evidence, receivedAtMs, ...key } of options.store.all())
      stored.push({
        ...key,
        summary: summaryOf(evidence, evidenceSubject(evidence, slotMs), receivedAtMs),
      });
    stored.sort((a, b) => a.summary.receivedAtMs - b.summary.receivedAtMs);
    for (const listed of stored) inbox.#list.add(listed);
    return inbox;
  }

  /** Newest first, some of each offender. */
  list(): EvidenceSummary[] {
    return this.#list.newest(maxListed).map(({ summary }) => summary);
  }

  /** Must be called with every header whose signature has been checked. */
  seenHeader(header: SignedHeader): void {
    if (this.#isAuthority(header.message.proposer)) this.#report(this.#watch.header(header));
  }

  /** Must be called with every vote whose signature has been checked, however old its round. */
  seenVote(vote: SignedFinalityVote): void {
    if (!this.#isAuthority(vote.voter)) return;
    const { isNew, conflicts } = this.#watch.vote(vote);
    for (const { round, evidence } of conflicts) {
      // Making evidence takes longer than finding a conflict.
      const budget = this.#budgetOf("found", { offender: vote.voter, round });
      if (this.#limiter.delayMs(budget, offenderQuota) === 0) this.#report(evidence());
    }
    // A vote that this process has not seen may contradict one that settled its round.
    if (isNew) this.#settled.compare(vote).then((found) => this.#report(found), this.#onError);
  }

  /** The validator of the topic `evidence`. */
  async onGossip(message: Uint8Array, from: PeerId): Promise<Verdict> {
    let evidence: Evidence;
    try {
      evidence = Evidence.deserialize(message);
    } catch {
      return "reject";
    }
    return this.#take(evidence, from);
  }

  /** Answers the protocol `evidence`. */
  serve(): void {
    const { network, store } = this.#options;
    const list = this.#list;
    network.serve(evidenceProtocol, async function* ({ limit }, { read }) {
      if (!(limit >= 1 && limit <= maxEvidencePerRequest))
        throw new RequestError("invalidRequest", `limit is 1 to ${maxEvidencePerRequest}`);
      for (const { offender, place } of list.newest(limit)) {
        await read(recordBytes);
        const evidence = await store.get(offender, place);
        if (evidence) yield evidence;
      }
    });
  }

  /** Fetches the evidence that a peer had before it connected. Never rejects. */
  async pull(peer: PeerId): Promise<void> {
    const { network, logger } = this.#options;
    try {
      const request = { limit: maxEvidencePerRequest };
      for await (const evidence of network.request(peer, evidenceProtocol, request)) {
        if ((await this.#take(evidence, peer)) !== "reject") continue;
        return network.penalize(peer, "invalidResponse", "the peer serves evidence that proves nothing");
      }
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "could not read the peer's evidence");
    }
  }

  /** Stores evidence that this node found itself, and publishes it. */
  #report(evidence: Evidence | undefined): void {
    if (!evidence) return;
    this.#take(evidence, undefined)
      .then(async (verdict) => {
        if (verdict === "accept")
          await this.#options.topics.publish("evidence", Evidence.serialize(evidence));
      })
      .catch(this.#onError);
  }

  readonly #onError = (error: unknown): void => {
    this.#options.logger.warn({ error: messageOf(error) }, "could not publish evidence");
  };

  /** `from` is undefined for evidence that this node found itself. */
  async #take(evidence: Evidence, from: PeerId | undefined): Promise<Verdict> {
    const { rules, verify, store } = this.#options;
    try {
      const subject = evidenceSubject(evidence, rules.slotMs);
      if (!this.#isAuthority(subject.offender)) return "ignore";
      const budget = this.#budgetOf(from === undefined ? "found" : "told", subject);
      if (this.#limiter.delayMs(budget, offenderQuota) > 0) return "ignore";
      if (await store.get(subject.offender, placeOf(subject))) return "ignore";
      const check = () => checkEvidence(evidence, rules, verify);
      const mayKeep = () => this.#limiter.take(budget, offenderQuota);
      if (from === undefined) {
        // The offender has signed both, so it pays at once: nobody else can use up its rate.
        if (!mayKeep()) return "ignore";
        await check();
        return (await this.#keep(evidence, subject)) ? "accept" : "ignore";
      }
      // The sender pays for the check. The offender pays for the place on the disk, and only once the signatures are
      // checked.
      if (!(await this.#asOf(from, check))) return "ignore";
      return (await this.#keep(evidence, subject, mayKeep)) ? "accept" : "ignore";
    } catch (error) {
      if (error instanceof EvidenceError) return evidenceVerdicts[error.code];
      throw error;
    }
  }

  #asOf<Result>(peer: PeerId, check: () => Promise<Result>): Promise<Result | undefined> {
    return this.#places.run({ id: peer, host: this.#options.network.hostOf(peer) }, check);
  }

  #budgetOf(by: "found" | "told", { round, offender }: Pick<EvidenceSubject, "round" | "offender">): string {
    return `${by} ${this.#kindOf(round)} ${toHex(offender)}`;
  }

  #kindOf(round: number | undefined): string {
    if (round === undefined) return "headers";
    return isWithin(this.#openRounds, round) ? "open rounds" : "other rounds";
  }

  /**
   * The rounds in which a contradiction may give another result. There are a few at a time, so an authority can sign
   * any number of votes for old or invented rounds, but not for these.
   */
  get #openRounds(): Rounds {
    const { finalized, justified } = this.#options.chain;
    return { from: finalized.round, to: justified.round + openRoundsAhead };
  }

  /** True if the address is in the set now: evidence against others is useless. */
  #isAuthority(address: Uint8Array): boolean {
    return authorityIndex(this.#options.chain.snapshot.authorities, address) >= 0;
  }

  /** Returns false if the same offence was stored meanwhile, or there is no place left. */
  async #keep(evidence: Evidence, subject: EvidenceSubject, mayKeep = () => true): Promise<boolean> {
    const { clock, store, logger } = this.#options;
    const { offender } = subject;
    const place = placeOf(subject);
    const key = `${toHex(offender)} ${toHex(place)}`;
    if (this.#storing.has(key)) return false;
    this.#storing.add(key);
    try {
      if (await store.get(offender, place)) return false;
      if (!mayKeep()) return false;
      const receivedAtMs = clock.now();
      await store.put({ offender, place, evidence, receivedAtMs });
      const summary = summaryOf(evidence, subject, receivedAtMs);
      this.#list.add({ summary, offender, place });
      logger.error(
        { ...summary, contradiction: describe(subject) },
        `AN AUTHORITY EQUIVOCATED. It is faulty, or runs twice; "${commandLine("propose remove <offender>")}" votes it out`,
      );
      return true;
    } finally {
      this.#storing.delete(key);
    }
  }
}

function summaryOf(
  evidence: Evidence,
  { offender, ...rest }: EvidenceSubject,
  receivedAtMs: number,
): EvidenceSummary {
  return {
    id: toHex(rootOf(Evidence, evidence)),
    offender: encodeAddress(offender),
    ...rest,
    conflicting: conflicting(evidence),
    receivedAtMs,
  };
}

/** The offences in the order of their numbers on disk. */
const kinds: readonly Offence[] = ["header", "doubleVote", "surround"];

function placeOf({ offence, slot, round }: EvidenceSubject): Uint8Array {
  return concatBytes(Uint8Array.of(kinds.indexOf(offence)), uint64Bytes(slot ?? round ?? 0));
}

function describe({ offence, slot, round }: EvidenceSubject): string {
  if (offence === "header") return `two headers in slot ${slot}`;
  return offence === "doubleVote"
    ? `two votes in round ${round}`
    : `a vote that surrounds another, in round ${round}`;
}

function conflicting({ headers, votes }: Evidence): [Hex, Hex] {
  const [pair] = headers;
  const roots = pair
    ? [pair.first, pair.second].map(({ message }) => rootOf(Header, message))
    : [votes[0]!.first, votes[0]!.second].map(({ message }) => rootOf(FinalityVote, message));
  return [toHex(roots[0]!), toHex(roots[1]!)];
}
