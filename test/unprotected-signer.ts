import type { Signer } from "../src/accounts/index.ts";
import type { BlockSigner } from "../src/chain/types.ts";

/** Makes a signer without protection, for chains that a test makes. */
export function unprotected({ publicKey, sign }: Signer): BlockSigner {
  return { publicKey, freeSlotFrom: (slot) => slot, signHeader: ({ root }) => sign(root) };
}
