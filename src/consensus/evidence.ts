import type { Verify } from "../crypto/ed25519.ts";
import {
  computeDomain,
  type Evidence,
  FinalityVote,
  Header,
  isSafeCount,
  rootOf,
  type SignedFinalityVote,
  type SignedHeader,
  signingRoot,
  slotOf,
} from "../types/index.ts";
import { compareBytes, equalBytes } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";

export type EvidenceErrorCode =
  /** `MALFORMED`: not one pair, a pair in the wrong order, or numbers out of range. */
  "MALFORMED" | "NOT_CONFLICTING" | "INVALID_SIGNATURE";

export class EvidenceError extends CodedError<EvidenceErrorCode> {}

/**
 * `header`: two headers in one slot. `doubleVote`: two votes for one target round. `surround`: one vote surrounds
 * another.
 */
export type Offence = "header" | "doubleVote" | "surround";

/** The subject of a piece of evidence: the `slot` of headers, or the `round` of the later target of votes. */
export interface EvidenceSubject {
  offender: Uint8Array;
  offence: Offence;
  slot?: number;
  round?: number;
}

export interface EvidenceRules {
  slotMs: number;
  genesisId: Uint8Array;
}

/** Evidence from two headers; undefined if they do not conflict. Their signatures must have been checked. */
export function headerEvidence(a: SignedHeader, b: SignedHeader, slotMs: number): Evidence | undefined {
  if (!equalBytes(a.message.proposer, b.message.proposer)) return undefined;
  if (slotOf(a.message.timestamp, slotMs) !== slotOf(b.message.timestamp, slotMs)) return undefined;
  const pair = inOrder(a, b, ({ message }) => rootOf(Header, message));
  return pair && { headers: [pair], votes: [] };
}

/** Evidence from two votes; undefined if they do not conflict. */
export function voteEvidence(a: SignedFinalityVote, b: SignedFinalityVote): Evidence | undefined {
  return voteConflict(a, b)?.evidence;
}

function voteConflict(a: SignedFinalityVote, b: SignedFinalityVote) {
  const offence = voteOffence(a.message, b.message);
  if (!equalBytes(a.voter, b.voter) || !offence) return undefined;
  const pair = inOrder(a, b, ({ message }) => rootOf(FinalityVote, message));
  return pair && { offence, first: pair.first, evidence: { headers: [], votes: [pair] } };
}

/** The lower root first, so that two messages make one piece of evidence; undefined for the same root. */
function inOrder<T>(a: T, b: T, root: (of: T) => Uint8Array): { first: T; second: T } | undefined {
  const order = compareBytes(root(a), root(b));
  if (order === 0) return undefined;
  return order < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** The conflict of two different votes, by Casper FFG's two conditions. */
export function voteOffence(a: FinalityVote, b: FinalityVote): "doubleVote" | "surround" | undefined {
  if (a.target.round === b.target.round) return "doubleVote";
  return surrounds(a, b) || surrounds(b, a) ? "surround" : undefined;
}

function surrounds(outer: FinalityVote, inner: FinalityVote): boolean {
  return outer.source.round < inner.source.round && inner.target.round < outer.target.round;
}

/**
 * Checks that the evidence proves an offence, whoever committed it. The caller knows whether the offender is an
 * authority.
 * @throws {EvidenceError}
 */
export async function checkEvidence(
  evidence: Evidence,
  rules: EvidenceRules,
  verify: Verify,
): Promise<EvidenceSubject> {
  const subject = evidenceSubject(evidence, rules.slotMs);
  const verdicts = await verify(signatureSets(evidence, rules.genesisId));
  if (!verdicts.every(Boolean)) throw new EvidenceError("INVALID_SIGNATURE", "a signature is wrong");
  return subject;
}

/** Reads the subject of evidence, checks no signature. @throws {EvidenceError} `MALFORMED`, `NOT_CONFLICTING` */
export function evidenceSubject({ headers, votes }: Evidence, slotMs: number): EvidenceSubject {
  const malformed = (why: string) => new EvidenceError("MALFORMED", why);
  const [pair] = headers;
  const [votePair] = votes;
  if (pair && !votePair) {
    const { first, second } = pair;
    for (const { message } of [first, second]) {
      // The genesis header is signed under another domain.
      if (!isSafeCount(message.height) || message.height === 0 || !isSafeCount(message.timestamp))
        throw malformed("height or timestamp out of range");
    }
    const canonical = headerEvidence(first, second, slotMs)?.headers[0];
    if (!canonical) throw new EvidenceError("NOT_CONFLICTING", "not two headers of one proposer in one slot");
    if (canonical.first !== first) throw malformed("the headers are in the wrong order");
    const slot = slotOf(first.message.timestamp, slotMs);
    return { offender: first.message.proposer, offence: "header", slot };
  }
  if (votePair && !pair) {
    const { first, second } = votePair;
    for (const { source, target } of [first.message, second.message]) {
      for (const { round, height } of [source, target])
        if (!isSafeCount(round) || !isSafeCount(height)) throw malformed("round or height out of range");
      if (source.round >= target.round) throw malformed("a target's round is not above its source's");
    }
    const conflict = voteConflict(first, second);
    if (!conflict) throw new EvidenceError("NOT_CONFLICTING", "not two conflicting votes of one voter");
    if (conflict.first !== first) throw malformed("the votes are in the wrong order");
    const round = Math.max(first.message.target.round, second.message.target.round);
    return { offender: first.voter, offence: conflict.offence, round };
  }
  throw malformed("evidence holds one pair");
}

function signatureSets({ headers, votes }: Evidence, genesisId: Uint8Array) {
  const headerDomain = computeDomain("header", genesisId);
  const voteDomain = computeDomain("finalityVote", genesisId);
  return [
    ...headers
      .flatMap(({ first, second }) => [first, second])
      .map(({ message, signature }) => ({
        publicKey: message.proposer,
        message: signingRoot(rootOf(Header, message), headerDomain),
        signature,
        newKey: true,
      })),
    ...votes
      .flatMap(({ first, second }) => [first, second])
      .map(({ message, voter, signature }) => ({
        publicKey: voter,
        message: signingRoot(rootOf(FinalityVote, message), voteDomain),
        signature,
        newKey: true,
      })),
  ];
}
