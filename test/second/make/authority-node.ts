import { AuthorityNode } from "../../../protocols/index.ts";
import { computeDomain, rootOf, signingRoot } from "../../../src/types/index.ts";
import { signRecord } from "../../unit/network/sign-record.ts";
import { authorities } from "../../unit/support/chain.ts";

/** The object that the first authority signs for the peer whose key has the seed 32 × 7, and its signature. */
export async function signedAuthorityNode(genesisId: Uint8Array) {
  const { id } = await signRecord(7, []);
  const node = { peerId: new TextEncoder().encode(id), nonce: new Uint8Array(32).fill(9) };
  const root = rootOf(AuthorityNode, node);
  const { publicKey, sign } = authorities[0]!;
  const signature = await sign(signingRoot(root, computeDomain("authorityNode", genesisId)));
  return { node, root, authority: publicKey, signature };
}
