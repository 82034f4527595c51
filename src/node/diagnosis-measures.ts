import { sameAddress } from "../consensus/index.ts";
import type { ChainInput, DiagnosisInput } from "./diagnosis-types.ts";

/** Two message delays are enough anywhere; a round that fails is repeated in less. */
const maxFinalityMs = 5_000;

/**
 * The time for which the next block has been due: negative before it is due, minus infinity if there is no reason for a
 * block.
 */
export function blockLateMs({ nowMs }: DiagnosisInput, chain: ChainInput): number {
  const { head, periodMs, emptyBlockPeriodMs, wantedSinceMs, sinceMs } = chain;
  const emptyAtMs =
    emptyBlockPeriodMs === 0 ? Number.POSITIVE_INFINITY : head.timestampMs + emptyBlockPeriodMs;
  const reasonAtMs = Math.min(emptyAtMs, wantedSinceMs ?? Number.POSITIVE_INFINITY);
  return nowMs - Math.max(head.timestampMs + periodMs, reasonAtMs, sinceMs);
}

export function blockAge(nowMs: number, { head }: ChainInput): number {
  return Math.max(0, nowMs - head.timestampMs);
}

/** The time beyond the usual for which finality has made no progress; 0 or less while it is in time. */
export function finalityLateMs({ nowMs }: DiagnosisInput, { finality }: ChainInput): number {
  if (finality?.waitingSinceMs === undefined) return 0;
  return nowMs - finality.waitingSinceMs - maxFinalityMs;
}

/** True for a node that cannot continue by itself and has no peer that follows its chain. */
export function isAlone(input: DiagnosisInput): boolean {
  return needsPeers(input) && !input.peers.some(({ isFollowed }) => isFollowed);
}

/** Above this share of the time, work waits for other work. */
const maxUtilization = 0.9;
/** A timer that is this late is later than what blocks and votes wait for on a chain with short periods. */
const maxDelayMs = 1_000;

/** True if blocks and answers are late because the main thread has too much to do. */
export function isBusy({ utilization, delayMs }: DiagnosisInput["mainThread"]): boolean {
  return utilization >= maxUtilization || delayMs >= maxDelayMs;
}

/** True if all peers that have said so have gone through other recoveries than this node. */
export function isLeftByPeers(input: DiagnosisInput): boolean {
  const follow = input.peers.map(({ isFollowed }) => isFollowed);
  return needsPeers(input) && follow.length > 0 && follow.every((one) => one === false);
}

/** Only a sole authority can continue by itself. */
function needsPeers({ chain, hasGenesis, own }: DiagnosisInput): boolean {
  // While a node loads its chain, it cannot know whom it needs or who follows it.
  if (!chain && hasGenesis) return false;
  const authorities = chain?.snapshot.authorities ?? [];
  const isSole = authorities.length === 1 && sameAddress(authorities[0]!, own.address);
  return !isSole || !own.mines;
}
