import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { rightOfState, stateRootOf } from "../state/index.ts";
import { damaged } from "../storage/damaged.ts";
import {
  AuthoritySnapshot,
  type Certificate,
  ChainParameters,
  type FinalityProof,
  rootOf,
  zero32,
} from "../types/index.ts";
import { equalBytes } from "../util/bytes.ts";
import type { Chain } from "./chain.ts";
import type { WeightedHeader } from "./types.ts";

/** The most headers between a block and the next one that was finalized by a certificate of its own. */
const maxProofHeaders = 512;

const { recentSigners, openVotes } = AuthoritySnapshot.fields;

type ProvingChain = Pick<Chain, "finalized" | "reader" | "tree">;

/** Proof that a block is final, for a reader who has only its header and trusts some authorities. */
export interface ProvedFinality {
  /** Headers from the block after it up to the finalized checkpoint. */
  headers: WeightedHeader[];
  /** The certificate that justified the checkpoint. */
  justification: ProvedCertificate;
  /** The certificate that made it final. */
  finalization: ProvedCertificate;
}

/** A certificate with its target's own authorities, and the proof of these. */
export interface ProvedCertificate {
  certificate: Certificate;
  target: WeightedHeader;
  authorities: Uint8Array[];
  /** The SSZ Merkle branch from the root of `authorities` to the target header's `stateRoot`: 4 nodes, lowest first. */
  branch: Uint8Array[];
  /**
   * The two leaves under the last node of `branch`: the recovery that applies to the target, zero for none, and the
   * leaf beside it.
   */
  recovery: Uint8Array;
  parametersRoot: Uint8Array;
}

/**
 * `block` is canonical. `proofFrom` returns the proof for the lowest block at or above a height that has one. Undefined
 * if the block is not final, the next certificate is too far above it, or a target's state was never executed here.
 */
export async function proveFinality(
  chain: ProvingChain,
  block: WeightedHeader,
  proofFrom: (height: number) => Promise<FinalityProof | undefined>,
): Promise<ProvedFinality | undefined> {
  if (block.height > chain.finalized.height) return undefined;
  const proof = await proofFrom(block.height);
  if (!proof) return undefined;
  const { justification, finalization } = proof;
  const checkpoint = finalization.link.source;
  const count = checkpoint.height - block.height;
  if (count > maxProofHeaders) return undefined;
  const ids = await chain.reader.idsUp(block.height, count + 1);
  if (!equalBytes(ids[0]!, block.id)) return undefined;
  const proved = await Promise.all([prove(chain, justification), prove(chain, finalization)]);
  if (!proved[0] || !proved[1]) return undefined;
  return {
    headers: await Promise.all(ids.slice(1).map((id) => chain.tree.require(id))),
    justification: proved[0],
    finalization: proved[1],
  };
}

async function prove(chain: ProvingChain, certificate: Certificate): Promise<ProvedCertificate | undefined> {
  const target = await chain.tree.get(certificate.link.target.block);
  // A recovery may have abandoned the block.
  if (!target) return chain.tree.recoveries.newest ? undefined : damaged("a certificate's block is missing");
  const accountsRoot = await chain.reader.accountsRoot(target.id);
  if (!accountsRoot) return undefined;
  const snapshot = await chain.tree.stateAfter(target.id);
  if (!equalBytes(stateRootOf(accountsRoot, snapshot), target.header.message.stateRoot))
    damaged(`the accounts root of block ${target.idHex} is wrong`);
  return {
    certificate,
    target,
    authorities: snapshot.authorities,
    branch: [
      rootOf(recentSigners, snapshot.recentSigners),
      digest64(rootOf(openVotes, snapshot.openVotes), zero32),
      accountsRoot,
      rightOfState(snapshot),
    ],
    recovery: snapshot.recovery,
    parametersRoot: rootOf(ChainParameters, snapshot.parameters),
  };
}
