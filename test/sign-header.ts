import type { Signer } from "../src/accounts/index.ts";
import { computeDomain, Header, type SignedHeader, signingRoot } from "../src/types/index.ts";

/** Signs any header, without slashing protection. */
export async function signHeader(
  signer: Pick<Signer, "sign">,
  message: Header,
  genesisId: Uint8Array,
): Promise<SignedHeader> {
  const root = signingRoot(Header.hashTreeRoot(message), computeDomain("header", genesisId));
  return { message, signature: await signer.sign(root) };
}
