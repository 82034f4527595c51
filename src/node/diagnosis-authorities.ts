import type { DiagnosisState } from "../api/index.ts";
import { commandLine } from "../config/index.ts";
import { authorityIndex, quorum as quorumOf, sameAddress, signerLimit } from "../consensus/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import { toHex } from "../util/bytes.ts";
import { duration } from "../util/duration.ts";
import { blockLateMs, finalityLateMs, isBusy } from "./diagnosis-measures.ts";
import { count, named } from "./diagnosis-text.ts";
import type { ChainInput, Diagnosis, DiagnosisInput, Finding, SigningLock } from "./diagnosis-types.ts";

/** An authority that votes on finality is online, whatever blocks it has made. */
const recentVoteMs = 60_000;

const maxHaltNames = 16;

const startThem =
  "start the nodes of these authorities, without --no-mine, and see that they reach this one (GET /v1/peers on each)";

const oneRemoval =
  "one that is gone for good can be voted out by a majority of all (ccoin propose remove), and finality resumes with the smaller set, " +
  "unless that change would follow another one that is not final yet";
const noRemoval =
  "voting one out would not be enough, and nobody votes for a second removal before the first is final";

/** Findings about the authorities' work. */
export function authorityFindings(
  input: DiagnosisInput,
  chain: ChainInput,
  { isBlockLate, state }: { isBlockLate: boolean; state: DiagnosisState },
): Finding[] {
  if (state === "syncing") return ownFindings(input, chain, false);
  const findings = ownFindings(input, chain, isBlockLate);
  if (isBlockLate) findings.push(...missingFindings(input, chain));
  findings.push(...finalityFindings(input, chain));
  if (!isBlockLate) findings.push(...silentFindings(input, chain));
  if (blockLateMs(input, chain) === Number.NEGATIVE_INFINITY) {
    findings.push({
      code: "QUIET",
      detail: "this chain makes no empty blocks, and no transaction waits",
      remedy: "nothing to do: the next transaction is mined at once",
    });
  }
  return findings;
}

/** The authorities that may sign the next block by the recent-signer rule, and those that may not. */
function places({ snapshot, head }: ChainInput): { eligible: Uint8Array[]; barred: Uint8Array[] } {
  const { authorities, recentSigners } = snapshot;
  const oldest = head.height + 2 - signerLimit(authorities.length);
  const recent = new Set(
    recentSigners.filter(({ height }) => height >= oldest).map(({ proposer }) => toHex(proposer)),
  );
  const isBarred = (authority: Uint8Array) => recent.has(toHex(authority));
  return {
    eligible: authorities.filter((authority) => !isBarred(authority)),
    barred: authorities.filter(isBarred),
  };
}

/** The authorities that could sign the next block and have not; this node is listed separately. */
function missing({ own }: DiagnosisInput, chain: ChainInput) {
  const { eligible, barred } = places(chain);
  const absent = eligible.filter((authority) => !sameAddress(authority, own.address));
  const limit = signerLimit(chain.snapshot.authorities.length);
  // Authorities that signed the last blocks are online. If `limit` are, one of them may always sign.
  const ownIsEligible = absent.length < eligible.length;
  const ownSigns = ownIsEligible && own.mines && !own.signingLock?.headers;
  const needed = Math.max(1, limit - barred.length - (ownSigns ? 1 : 0));
  return { absent, barred, needed, ownIsEligible };
}

/** The authorities that a late block waits for. */
export function haltOf(input: DiagnosisInput, chain: ChainInput): NonNullable<Diagnosis["halt"]> {
  const { absent, barred, needed, ownIsEligible } = missing(input, chain);
  const silent = [...absent, ...barred.filter((authority) => isUnheard(input, chain, authority))];
  const names = (addresses: readonly Uint8Array[]) => addresses.slice(0, maxHaltNames).map(encodeAddress);
  return {
    authorities: chain.snapshot.authorities.length,
    silentCount: silent.length,
    silent: names(silent),
    awaited: names(absent),
    needed,
    own: ownIsEligible,
  };
}

/** True if an authority has neither voted nor signed lately, as far as this node knows. */
function isUnheard({ nowMs, own }: DiagnosisInput, { activity }: ChainInput, authority: Uint8Array): boolean {
  if (sameAddress(authority, own.address)) return false;
  const { lastVoteMs = 0, lastBlockMs = 0 } = activity.get(toHex(authority)) ?? {};
  return nowMs - Math.max(lastVoteMs, lastBlockMs) >= recentVoteMs;
}

/** The end of the summary of a late block. */
export function missingToGoOn(input: DiagnosisInput, chain: ChainInput): string {
  const { absent, needed, ownIsEligible } = missing(input, chain);
  if (ownIsEligible) return absent.length === 0 ? "only this node may sign it" : "this node may sign it";
  return `${needed} of ${count(absent.length, "missing authority")} needed`;
}

function missingFindings(input: DiagnosisInput, chain: ChainInput): Finding[] {
  const { absent, barred, needed } = missing(input, chain);
  const findings: Finding[] = [];
  const late = duration(Math.max(0, blockLateMs(input, chain)));
  const total = chain.snapshot.authorities.length;
  if (absent.length > 0) {
    const steady =
      needed > 1 ? `any one continues the chain, ${needed} keep it going` : "any one keeps the chain going";
    findings.push({
      code: "MISSING_AUTHORITIES",
      detail:
        `block ${chain.head.height + 1} has been due for ${late}; these may sign it and have not: ` +
        `${named(absent, (address) => lastSeen(input, chain, address))}; ${steady} (${signerLimit(total)} of ${total} must sign)`,
      remedy:
        `${startThem}; votes need blocks, so removing an authority (ccoin propose remove) takes a majority that signs` +
        recoverAfter("a majority is lost", chain),
    });
  }
  if (barred.length > 0) {
    findings.push({
      code: "SIGNED_RECENTLY",
      detail: `these signed one of the last ${signerLimit(total) - 1} blocks and may not sign the next: ${named(barred)}`,
      remedy: "nothing to do: they may sign again after the next blocks of others",
    });
  }
  return findings;
}

/** The reasons for which this node's own account does not sign. */
function ownFindings(input: DiagnosisInput, chain: ChainInput, isBlockLate: boolean): Finding[] {
  const { own, mode } = input;
  if (authorityIndex(chain.snapshot.authorities, own.address) < 0) return [];
  if (!own.mines) {
    return [
      {
        code: "NOT_MINING",
        detail: "this node's account is an authority, but the node was started with --no-mine",
        remedy: "start it without --no-mine, unless the account signs on another node: never on two",
      },
    ];
  }
  if (own.signingLock) return [signingLocked(own.signingLock, chain.snapshot.authorities.length === 1)];
  if (!isBlockLate || mode !== "ready" || !missing(input, chain).ownIsEligible) return [];
  return [
    {
      code: "OWN_BLOCK_LATE",
      detail: `this node may sign block ${chain.head.height + 1} and has not`,
      remedy: isBusy(input.mainThread)
        ? "the machine does not keep up (see BUSY)"
        : "see its log for why no block was produced, and compare its clock; then start it again",
    },
  ];
}

function signingLocked({ headers, votes, reason, isFinal }: SigningLock, isSole: boolean): Finding {
  const what = headers && votes ? "signs nothing" : headers ? "makes no blocks" : "casts no finality votes";
  return {
    code: "SIGNING_LOCKED",
    detail: `this node's account ${what}: ${reason}`,
    remedy: isFinal
      ? "stop the other copy of this node, then start this one again"
      : "see that the account runs on no other node, and wait: after a restored copy of the data, signing resumes past what may have " +
        `been signed${isSole ? ", once another node has answered: start one (if there never was another, start this one with --no-mdns)" : ""}; the log says more`,
  };
}

/** Another recovery than one that is known would be another chain. */
function recoverAfter(loss: string, { recovery }: ChainInput): string {
  return recovery.unknown.length > 0 ? "" : `; if ${loss} for good, the others go on with ccoin recover`;
}

function finalityFindings(input: DiagnosisInput, chain: ChainInput): Finding[] {
  const { finality, head } = chain;
  const lateMs = finalityLateMs(input, chain);
  if (!finality || lateMs <= 0) return [];
  const { authorities, voters, quorum, round, finalized } = finality;
  const silent = authorities.filter((authority) => !voters.some((voter) => sameAddress(voter, authority)));
  const needed = Math.max(0, quorum - voters.length);
  const missingText =
    needed > 0
      ? `${needed} more of ${named(silent, (address) => lastSeen(input, chain, address))}`
      : "they are for different links";
  return [
    {
      code: "FINALITY_WAITING",
      detail:
        `height ${finalized.height} is final, the head is at ${head.height}; round ${round} has ${count(voters.length, "vote")} ` +
        `of ${authorities.length} authorities, ${quorum} are needed: ${missingText}`,
      remedy:
        needed === 0
          ? "wait for the next round: the votes agree after a time-out"
          : voters.length >= quorumOf(authorities.length - 1)
            ? `${startThem}; ${oneRemoval}`
            : `${startThem}; ${noRemoval}${recoverAfter("too many are gone", chain)}`,
    },
  ];
}

/** The authorities that had two turns and signed nothing, while the chain continues without them. */
export function silentAuthorities({ nowMs, own }: DiagnosisInput, chain: ChainInput): Uint8Array[] {
  const { snapshot, head, activity } = chain;
  const turns = 2 * snapshot.authorities.length;
  return snapshot.authorities.filter((authority) => {
    if (sameAddress(authority, own.address)) return false;
    const { lastHeight = 0, sinceHeight = 0, lastVoteMs } = activity.get(toHex(authority)) ?? {};
    const hasVoted = lastVoteMs !== undefined && nowMs - lastVoteMs < recentVoteMs;
    return !hasVoted && head.height - Math.max(lastHeight, sinceHeight) > turns;
  });
}

function silentFindings(input: DiagnosisInput, chain: ChainInput): Finding[] {
  const silent = silentAuthorities(input, chain);
  if (silent.length === 0) return [];
  const total = chain.snapshot.authorities.length;
  const spare = total - silent.length - signerLimit(total);
  return [
    {
      code: "SILENT_AUTHORITIES",
      detail:
        `${silent.length} of ${total} authorities sign nothing: ${named(silent, (address) => lastSeen(input, chain, address))}; ` +
        (spare > 0 ? `${spare} more may fail before the chain halts` : "one more that fails halts the chain"),
      remedy: `${startThem}, or propose the removal of one that is gone for good: ${commandLine("propose remove <address>")}`,
    },
  ];
}

function lastSeen({ nowMs }: DiagnosisInput, { activity }: ChainInput, address: Uint8Array): string {
  const { lastHeight, lastBlockMs, lastVoteMs } = activity.get(toHex(address)) ?? {};
  const parts: string[] = [];
  if (lastHeight !== undefined && lastBlockMs !== undefined) {
    parts.push(`signed block ${lastHeight}, ${duration(nowMs - lastBlockMs)} ago`);
  }
  if (lastVoteMs !== undefined) parts.push(`voted ${duration(nowMs - lastVoteMs)} ago`);
  return parts.join(", ") || "not seen";
}
