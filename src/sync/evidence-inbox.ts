import {
  evidence as evidenceProtocol,
  maxEvidencePerRequest,
  type Network,
  type PeerId,
  RequestError,
  type Verdict,
} from "../../protocols/index.ts";
import {
  checkEvidence,
  EquivocationWatch,
  EvidenceError,
  type EvidenceRules,
  type EvidenceSubject,
  evidenceSubject,
  type Offence,
} from "../consensus/index.ts";
import { type Address, encodeAddress } from "../crypto/address.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { EvidenceStore, StoredEvidence } from "../storage/evidence.ts";
import {
  Evidence,
  FinalityVote,
  Header,
  rootOf,
  type SignedFinalityVote,
  type SignedHeader,
} from "../types/index.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

/** More proves nothing more, and an offender can make any number. */
const maxPerOffender = 8;

export interface EvidenceSummary {
  id: Hex;
  offender: Address;
  offence: Offence;
  /** Of headers. */
  slot?: number;
  /** Target round of the later vote. */
  round?: number;
  /** Ids of the blocks, or roots of the votes. */
  conflicting: [Hex, Hex];
  receivedAtMs: number;
}

export interface EvidenceInboxOptions {
  network: Network;
  store: Pick<EvidenceStore, "put" | "all">;
  clock: Clock;
  logger: Logger;
  verify: Verify;
  rules: EvidenceRules;
  /** Whether the address is in the set now: evidence against others is of no use. */
  isAuthority(address: Uint8Array): boolean;
}

interface Known {
  evidence: Evidence;
  summary: EvidenceSummary;
}

/** Finds, takes in, keeps and passes on evidence of equivocation. */
export class EvidenceInbox {
  readonly events = new Emitter<{ evidence: EvidenceSummary }>();
  readonly #options: EvidenceInboxOptions;
  readonly #watch: EquivocationWatch;
  /** By offence, so that one is kept once; oldest first. */
  readonly #known = new Map<string, Known>();
  readonly #perOffender = new Map<Address, number>();

  private constructor(options: EvidenceInboxOptions) {
    this.#options = options;
    this.#watch = new EquivocationWatch({ slotMs: options.rules.slotMs });
  }

  static async open(options: EvidenceInboxOptions): Promise<EvidenceInbox> {
    const inbox = new EvidenceInbox(options);
    const stored: StoredEvidence[] = [];
    for await (const entry of options.store.all()) stored.push(entry);
    stored.sort((a, b) => a.receivedAtMs - b.receivedAtMs);
    for (const { evidence, receivedAtMs } of stored)
      inbox.#remember(evidence, evidenceSubject(evidence, options.rules.slotMs), receivedAtMs);
    return inbox;
  }

  /** Newest first. */
  list(): EvidenceSummary[] {
    return [...this.#known.values()].map(({ summary }) => summary).reverse();
  }

  /** Every header whose signature has been checked goes through here. */
  seenHeader(header: SignedHeader): void {
    if (this.#options.isAuthority(header.message.proposer)) this.#report(this.#watch.header(header));
  }

  seenVote(vote: SignedFinalityVote): void {
    if (this.#options.isAuthority(vote.voter)) this.#report(this.#watch.vote(vote));
  }

  /** The validator of the topic `evidence`. */
  async onGossip(message: Uint8Array): Promise<Verdict> {
    let evidence: Evidence;
    try {
      evidence = Evidence.deserialize(message);
    } catch {
      return "reject";
    }
    return this.#take(evidence);
  }

  /** Answers the protocol `evidence`. */
  serve(): void {
    const newest = () => [...this.#known.values()].reverse();
    this.#options.network.serve(evidenceProtocol, async function* ({ limit }) {
      if (!(limit >= 1 && limit <= maxEvidencePerRequest))
        throw new RequestError("invalidRequest", `limit is 1 to ${maxEvidencePerRequest}`);
      for (const { evidence } of newest().slice(0, limit)) yield evidence;
    });
  }

  /** Fetches what a peer had before we met. Never rejects. */
  async pull(peer: PeerId): Promise<void> {
    const { network, logger } = this.#options;
    try {
      const request = { limit: maxEvidencePerRequest };
      for await (const evidence of network.request(peer, evidenceProtocol, request)) {
        if ((await this.#take(evidence)) !== "reject") continue;
        return network.penalize(peer, "invalidResponse", "it keeps evidence that proves nothing");
      }
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer's evidence was not read");
    }
  }

  /** What this node found itself: kept, and told to everybody. */
  #report(evidence: Evidence | undefined): void {
    if (!evidence) return;
    const { network, logger } = this.#options;
    this.#take(evidence)
      .then(async (verdict) => {
        if (verdict === "accept") await network.publish("evidence", Evidence.serialize(evidence));
      })
      .catch((error) => logger.warn({ error: messageOf(error) }, "evidence was not published"));
  }

  async #take(evidence: Evidence): Promise<Verdict> {
    const { rules, verify, isAuthority, clock, store } = this.#options;
    let subject: EvidenceSubject;
    try {
      subject = evidenceSubject(evidence, rules.slotMs);
      if (this.#known.has(keyOf(subject)) || !isAuthority(subject.offender)) return "ignore";
      if ((this.#perOffender.get(encodeAddress(subject.offender)) ?? 0) >= maxPerOffender) return "ignore";
      await checkEvidence(evidence, rules, verify);
    } catch (error) {
      if (error instanceof EvidenceError) return "reject";
      throw error;
    }
    // The same may have come meanwhile.
    if (this.#known.has(keyOf(subject))) return "ignore";
    const receivedAtMs = clock.now();
    const summary = this.#remember(evidence, subject, receivedAtMs);
    await store.put({
      id: rootOf(Evidence, evidence),
      offender: subject.offender,
      evidence,
      receivedAtMs,
    });
    this.#options.logger.error(
      { ...summary },
      `AUTHORITY ${summary.offender} EQUIVOCATED (${describe(subject)}). It is faulty, or runs twice; "ccoin propose remove ${summary.offender}" votes it out`,
    );
    this.events.emit("evidence", summary);
    return "accept";
  }

  #remember(evidence: Evidence, subject: EvidenceSubject, receivedAtMs: number): EvidenceSummary {
    const { offender, ...rest } = subject;
    const address = encodeAddress(offender);
    const summary = {
      id: toHex(rootOf(Evidence, evidence)),
      offender: address,
      ...rest,
      conflicting: conflicting(evidence),
      receivedAtMs,
    };
    this.#known.set(keyOf(subject), { evidence, summary });
    this.#perOffender.set(address, (this.#perOffender.get(address) ?? 0) + 1);
    return summary;
  }
}

function keyOf({ offender, offence, slot, round }: EvidenceSubject): string {
  return `${toHex(offender)} ${offence} ${slot ?? round}`;
}

function describe({ offence, slot, round }: EvidenceSubject): string {
  if (offence === "header") return `two headers in slot ${slot}`;
  return offence === "doubleVote"
    ? `two votes in round ${round}`
    : `a vote around another, in round ${round}`;
}

function conflicting({ headers, votes }: Evidence): [Hex, Hex] {
  const [pair] = headers;
  const roots = pair
    ? [pair.first, pair.second].map(({ message }) => rootOf(Header, message))
    : [votes[0]!.first, votes[0]!.second].map(({ message }) => rootOf(FinalityVote, message));
  return [toHex(roots[0]!), toHex(roots[1]!)];
}
