import { keyPairFromSeed } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import {
  computeDomain,
  FinalityVote,
  Header,
  noVote,
  type SignedFinalityVote,
  type SignedHeader,
  signingRoot,
  zero32,
} from "../../../src/types/index.ts";

export const slotMs = 1_000;
export const genesisId = new Uint8Array(32).fill(7);

export function keyOf(name: string) {
  return keyPairFromSeed(sha256(Buffer.from(`test authority ${name}`)));
}

export function signedHeader(
  name: string,
  timestamp: number,
  height: number,
  chain = genesisId,
): SignedHeader {
  const { publicKey, sign } = keyOf(name);
  const message: Header = {
    height,
    parent: zero32,
    timestamp,
    proposer: publicKey,
    difficulty: 2,
    vote: noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
  };
  return {
    message,
    signature: sign(signingRoot(Header.hashTreeRoot(message), computeDomain("header", chain))),
  };
}

/** Signs a vote; the number `block` determines the target block's id. */
export function signedVote(name: string, source: number, target: number, block: number): SignedFinalityVote {
  const { publicKey, sign } = keyOf(name);
  const checkpoint = (round: number, id: number) => ({
    round,
    height: round,
    block: new Uint8Array(32).fill(id),
  });
  const message: FinalityVote = { source: checkpoint(source, 0), target: checkpoint(target, block) };
  const root = signingRoot(FinalityVote.hashTreeRoot(message), computeDomain("finalityVote", genesisId));
  return { message, voter: publicKey, signature: sign(root) };
}
