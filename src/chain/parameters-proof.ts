import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { stateRootOf } from "../state/index.ts";
import { damaged } from "../storage/damaged.ts";
import { AuthoritySnapshot, type ChainParameters, rootOf } from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import { ProofError } from "./account-proof.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";

/** A proof of the parameters in the state after a block, which the next block keeps to. */
export interface ParametersProof {
  parameters: ChainParameters;
  /** The SSZ Merkle branch from the root of the parameters to the header's `stateRoot`: 2 nodes, lowest first. */
  branch: [recovery: Uint8Array, left: Uint8Array];
}

/** @throws {ProofError} `PROOF_NOT_AVAILABLE` if the block was never executed here: on a side branch, or genesis. */
export async function proveParameters(
  { reader, tree }: Pick<Chain, "reader" | "tree">,
  block: WeightedHeader,
): Promise<ParametersProof> {
  const accountsRoot = await reader.accountsRoot(block.id);
  if (!accountsRoot) {
    const what = `the state after block ${block.height} is not at hand`;
    const why = block.height === 0 ? "the block itself names its parameters" : "it is on a side branch";
    throw new ProofError("PROOF_NOT_AVAILABLE", `${what}: ${why}`);
  }
  const snapshot = await tree.stateAfter(block.id);
  if (!equalBytes(stateRootOf(accountsRoot, snapshot), block.header.message.stateRoot))
    damaged(`the accounts root of block ${block.idHex} is wrong`);
  const { parameters, recovery } = snapshot;
  return { parameters, branch: [recovery, digest64(accountsRoot, rootOf(AuthoritySnapshot, snapshot))] };
}
