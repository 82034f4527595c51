import type { AuthoritySnapshot, ChainSnapshot } from "../types/authority.ts";
import type { Header } from "../types/block.ts";
import { authorityIndex } from "./authority-set.ts";
import { barredIndexes, isInTurn } from "./clique.ts";

/** More than a LAN's delivery time, so that the next in line sees the block it would compete with. */
const minStepMs = 50;
/** Enough between machines anywhere. More would only make the chain wait for an authority that is down. */
const maxStepMs = 1000;

/** The times at which an authority may produce the next block, in ms since the Unix epoch. */
export interface ProductionTime {
  /** The header's timestamp, the same for every authority. */
  timestampMs: number;
  /**
   * The time from which the block may be signed and sent. It is the later, the further back the authority is in line.
   */
  sealAtMs: number;
  inTurn: boolean;
}

/**
 * The time at which `proposer` may produce a block on `parent`, or undefined if it is no authority or signed recently.
 * `snapshot` is the one after the parent. `notBeforeMs` is the time since which there has been a reason for a block, on
 * a chain that makes no empty ones or was halted; the waiting in line starts then.
 */
export function productionTime(
  snapshot: ChainSnapshot,
  parent: Pick<Header, "height" | "timestamp">,
  proposer: Uint8Array,
  notBeforeMs = 0,
): ProductionTime | undefined {
  const height = parent.height + 1;
  const distance = turnDistance(snapshot, height, proposer);
  if (distance === undefined) return undefined;
  const { periodMs } = snapshot.parameters;
  const timestampMs = Math.max(parent.timestamp + periodMs, notBeforeMs);
  const sealAtMs = timestampMs + distance * turnStepMs(periodMs);
  return { timestampMs, sealAtMs, inTurn: isInTurn(snapshot, height, proposer) };
}

/** The additional wait of each place in line over the one before it. */
export function turnStepMs(periodMs: number): number {
  return Math.min(Math.max(Math.floor(periodMs / 2), minStepMs), maxStepMs);
}

/**
 * The proposer's place, from 0, among the authorities that may sign, in the order of the set from the one in turn on.
 * Undefined if the proposer may not sign. Walking the line of a large set would take milliseconds for each header.
 */
function turnDistance(snapshot: AuthoritySnapshot, height: number, proposer: Uint8Array): number | undefined {
  const { authorities } = snapshot;
  const index = authorityIndex(authorities, proposer);
  if (index < 0) return undefined;
  const barred = barredIndexes(snapshot, height);
  if (barred.includes(index)) return undefined;
  const count = authorities.length;
  const placeOf = (each: number) => (each - (height % count) + count) % count;
  const own = placeOf(index);
  return own - barred.filter((each) => placeOf(each) < own).length;
}

/**
 * The time in ms by which a header is ahead of the clock; 0 if the block may be imported now. A proposer may not be
 * earlier than its place in line allows: if it were, its block could be justified before that of an authority before it
 * is there. `snapshot` is the one after the parent.
 */
export function futureBlockMs(
  snapshot: ChainSnapshot,
  { height, proposer, timestamp }: Pick<Header, "height" | "proposer" | "timestamp">,
  nowMs: number,
): number {
  const stepMs = turnStepMs(snapshot.parameters.periodMs);
  // Finding the place takes time in a large set, and no block of the past needs it.
  if (timestamp + snapshot.authorities.length * stepMs <= nowMs) return 0;
  const distance = turnDistance(snapshot, height, proposer) ?? 0;
  return Math.max(0, timestamp + distance * stepMs - nowMs);
}
