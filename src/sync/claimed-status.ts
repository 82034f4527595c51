import { Bytes4, type ChainStatus, chainDigest } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { difficulties } from "../consensus/index.ts";
import { firstRules, isSafeCount, zero32 } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";

declare const claimed: unique symbol;

const zeroDigest = new Uint8Array(Bytes4.lengthBytes);

/**
 * A peer's claims about itself, without proof: they tell which peer to ask for what, and decide nothing. The fields
 * agree with each other. Decisions rest on a `Lead` or a certificate.
 */
export interface ClaimedStatus extends Readonly<ChainStatus> {
  readonly [claimed]: true;
}

/** Returns the contradiction in a status that no honest node can have. */
export function contradictionIn(status: ChainStatus): string | undefined {
  const { genesisId, digest, rules, height, headId, totalDifficulty } = status;
  const { justifiedRound, finalizedHeight, finalizedId, timeMs } = status;
  const counts = [height, totalDifficulty, justifiedRound, finalizedHeight, timeMs];
  if (!counts.every(isSafeCount)) return "numbers above 2^53 - 1";
  if (isZero(genesisId)) {
    const ids = [headId, finalizedId, digest];
    const isEmpty = [...counts.slice(0, 4), rules].every((count) => count === 0) && ids.every(isZero);
    return isEmpty ? undefined : "a chain without genesis";
  }
  // A block raises the version by one at most.
  if (rules < firstRules || rules > firstRules + height) return "rules that no chain of this height has";
  if ((height === 0) !== equalBytes(headId, genesisId))
    return "another head than the genesis block at height 0";
  if (totalDifficulty < height * difficulties.outOfTurn || totalDifficulty > height * difficulties.inTurn)
    return "a total difficulty that no chain of this height has";
  if (finalizedHeight > height) return "a final block above the head";
  if ((finalizedHeight === 0) !== equalBytes(finalizedId, genesisId))
    return "another final block than the genesis block at height 0";
  if (finalizedHeight === height && !equalBytes(finalizedId, headId)) return "a final block beside the head";
  // A block is final once the round after its own has a result.
  if (finalizedHeight > 0 && justifiedRound < 2) return "a final block without a justified round";
  return undefined;
}

/** @throws {RangeError} with the contradiction. */
export function claimedStatus(status: ChainStatus): ClaimedStatus {
  const contradiction = contradictionIn(status);
  if (contradiction) throw new RangeError(contradiction);
  return status as ClaimedStatus;
}

/** The parts of a status that do not change while a node runs. */
export interface OwnLine {
  /** The ids of the recoveries that it was started with, oldest first. */
  recoveries: readonly Uint8Array[];
  /** The newest version of the rules that its program knows. */
  knownRules: number;
}

/** This node's own status, for its peers. */
export function ownStatus(
  genesisId: Uint8Array | undefined,
  chain: Pick<Chain, "head" | "finalized" | "justified" | "snapshot"> | undefined,
  timeMs: number,
  { recoveries, knownRules }: OwnLine,
): ChainStatus {
  const id = genesisId ?? zero32;
  // While the chain is being loaded, only its beginning is known.
  const first = { height: 0, id, totalDifficulty: 0 };
  const head = chain?.head ?? first;
  const known = chain?.finalized ?? first;
  // This covers the moment in which the head is about to follow a block that has become final on another branch.
  const isBelowHead = known.height < head.height || equalBytes(known.id, head.id);
  const finalized = isBelowHead ? known : first;
  const rules = genesisId ? (chain?.snapshot.parameters.rules ?? firstRules) : 0;
  return {
    genesisId: id,
    digest: genesisId ? chainDigest({ genesisId, recoveries: [...recoveries], rules }) : zeroDigest,
    rules,
    knownRules,
    height: head.height,
    headId: head.id,
    totalDifficulty: head.totalDifficulty,
    justifiedRound: chain?.justified.round ?? 0,
    finalizedHeight: finalized.height,
    finalizedId: finalized.id,
    timeMs,
  };
}

function isZero(id: Uint8Array): boolean {
  return id.every((byte) => byte === 0);
}
