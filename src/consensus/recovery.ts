import { exceededLimit } from "../config/parameter-limits.ts";
import { isAddress } from "../crypto/address.ts";
import type { ChainSnapshot } from "../types/authority.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { zero32 } from "../types/primitives.ts";
import { maxRecoveries, Recovery } from "../types/recovery.ts";
import { rootOf } from "../types/root.ts";
import { compareBytes, equalBytes, toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import type { FinalityStatus } from "./finality.ts";

/** The part of a chain's configuration that bounds the parameters of its recoveries. */
export type RecoveryConfig = Pick<ChainConfig, "slotMs">;

/** A recovery begins at a multiple of this: more rounds than can pass while people agree on it. */
const roundStep = 2 ** 32;
/** Leaves as many rounds again for votes. */
export const maxRecoveryRound = 2 ** 52;

/**
 * The round in which a recovery begins. Every vote signed before has a lower round, so slashing protection refuses no
 * vote under the recovery. `newest` is the highest known round of any vote.
 */
export function nextRecoveryRound(newest: number): number {
  return (Math.floor(newest / roundStep) + 1) * roundStep;
}

export function recoveryId(recovery: Recovery): Uint8Array {
  return rootOf(Recovery, recovery);
}

/** The snapshot by which blocks on a recovery's block are checked. Nothing of the one after the block stays. */
export function recoveredSnapshot(recovery: Recovery): ChainSnapshot {
  const { authorities, parameters } = recovery;
  return { authorities, parameters, recentSigners: [], openVotes: [], recovery: recoveryId(recovery) };
}

/** The block of a recovery is justified and final in its round, as genesis is in round 0. */
export function recoveredFinality({ block, round }: Recovery): FinalityStatus {
  const checkpoint = { round, height: block.height, block: block.id };
  return { justified: checkpoint, finalized: checkpoint };
}

/**
 * Makes those checks of a chain's recoveries, oldest first, that need no block.
 * @throws {UserError} `BAD_RECOVERY`
 */
export function checkRecoveries(recoveries: readonly Recovery[], config: RecoveryConfig): void {
  if (recoveries.length > maxRecoveries)
    throw new UserError(`a chain has ${maxRecoveries} recoveries at most`, "BAD_RECOVERY");
  for (const [index, recovery] of recoveries.entries()) {
    const why = faultIn(recovery, recoveries[index - 1], config);
    if (why) throw new UserError(`recovery ${index + 1} is not valid: ${why}`, "BAD_RECOVERY");
  }
}

/** Checks one recovery without those before it. @throws {UserError} `BAD_RECOVERY` */
export function checkRecovery(recovery: Recovery, genesisId: Uint8Array, config: RecoveryConfig): void {
  const isOfChain = equalBytes(recovery.genesisId, genesisId);
  const why = isOfChain ? faultAlone(recovery, config) : "it is of another chain";
  if (why) throw new UserError(`the recovery is not valid: ${why}`, "BAD_RECOVERY");
}

function faultIn(
  recovery: Recovery,
  before: Recovery | undefined,
  config: RecoveryConfig,
): string | undefined {
  const { genesisId, previous, block, round } = recovery;
  if (before && !equalBytes(genesisId, before.genesisId)) return "it is of another chain";
  const expected = before ? recoveryId(before) : zero32;
  if (!equalBytes(previous, expected)) return `it follows ${toHex(previous)}, not ${toHex(expected)}`;
  const alone = faultAlone(recovery, config);
  if (alone || !before) return alone;
  if (round <= before.round) return "its round is out of range";
  if (block.height < before.block.height) return "its block is below that of the previous recovery";
  if (block.height === before.block.height && !equalBytes(block.id, before.block.id))
    return "its block is at the same height as that of the previous recovery, but another block";
  return undefined;
}

function faultAlone(
  { block, round, authorities, parameters }: Recovery,
  config: RecoveryConfig,
): string | undefined {
  if (!Number.isSafeInteger(block.height) || block.height === 0) return "it names no block above genesis";
  if (!(round > 0 && round <= maxRecoveryRound)) return "its round is out of range";
  if (authorities.length === 0) return "it names no authority";
  for (const [at, address] of authorities.entries()) {
    if (!isAddress(address)) return `no key can have the address ${toHex(address)}`;
    if (at > 0 && compareBytes(authorities[at - 1]!, address) >= 0) return "its authorities do not ascend";
  }
  // Each block raises the version by one at most.
  if (parameters.rules > block.height + 1)
    return "its version of the rules is above what a vote could have reached";
  return exceededLimit(parameters, config);
}
