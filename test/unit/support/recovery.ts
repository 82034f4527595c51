import type { Signer } from "../../../src/accounts/index.ts";
import { nextRecoveryRound, recoveredSnapshot, recoveryId } from "../../../src/consensus/index.ts";
import { type ChainParameters, type Recovery, zero32 } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";
import type { Tip } from "./chain.ts";

/** Makes a recovery from the last block of `tip` with these authorities, which sets these parameters. */
export function recoveryAt(
  genesisId: Uint8Array,
  { header, id, snapshot }: Pick<Tip, "header" | "id"> & Partial<Tip>,
  authorities: readonly Signer[],
  before?: Recovery,
  set: Partial<ChainParameters> = {},
): Recovery {
  return {
    genesisId,
    previous: before ? recoveryId(before) : zero32,
    block: { height: header.height, id },
    round: nextRecoveryRound(before?.round ?? 0),
    authorities: authorities.map(({ publicKey }) => publicKey).sort(compareBytes),
    parameters: { ...(snapshot ?? testChainConfig({ authorities: [] })).parameters, ...set },
  };
}

/** Returns the tip under a recovery, for making blocks on it. */
export function recovered(tip: Tip, recovery: Recovery): Tip {
  return { ...tip, snapshot: recoveredSnapshot(recovery) };
}
