import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { maxAuthorities } from "./authority.ts";
import { ChainParameters } from "./parameters.ts";
import { Bytes32, Count } from "./primitives.ts";

/** A chain has no more recoveries than this. */
export const maxRecoveries = 1024;

/**
 * An agreement of people about a chain that cannot go on by itself: from `block` on, these are the authorities and the
 * parameters. Its root is its id.
 * - `previous` is the id of the recovery before it, zero for the first one.
 * - `block` is the newest final block. From then on it is final in `round`, which is above all earlier rounds.
 * - `authorities` ascend by their bytes.
 */
export const Recovery = new ContainerType(
  {
    genesisId: Bytes32,
    previous: Bytes32,
    block: new ContainerType({ height: Count, id: Bytes32 }, { typeName: "BlockRef" }),
    round: Count,
    authorities: new ListCompositeType(Bytes32, maxAuthorities),
    parameters: ChainParameters,
  },
  { typeName: "Recovery" },
);
export type Recovery = ValueOf<typeof Recovery>;

export const RecoveryList = new ListCompositeType(Recovery, maxRecoveries);
