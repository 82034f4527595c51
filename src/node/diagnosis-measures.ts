import { sameAddress } from "../consensus/index.ts";
import type { ChainInput, DiagnosisInput } from "./diagnosis.ts";

/** Two message delays are enough anywhere; a round that fails is tried again in less. */
const maxFinalityMs = 5_000;

/** How long the next block has been due: negative before it is, minus infinity where nothing asks for one. */
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

/** How much longer than usual finality has made no progress; 0 or less while it is in time. */
export function finalityLateMs({ nowMs }: DiagnosisInput, { finality }: ChainInput): number {
  if (finality?.waitingSinceMs === undefined) return 0;
  return nowMs - finality.waitingSinceMs - maxFinalityMs;
}

/** Only a sole authority goes on by itself. */
export function needsPeers({ chain, own }: DiagnosisInput): boolean {
  const authorities = chain?.snapshot.authorities ?? [];
  const isSole = authorities.length === 1 && sameAddress(authorities[0]!, own.address);
  return !isSole || !own.mines;
}
