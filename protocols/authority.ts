import { ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Bytes64 } from "../src/types/index.ts";
import type { Protocol } from "./reqresp/types.ts";

/** Room for the text of every peer id. */
const maxPeerIdBytes = 64;

/**
 * The object that an authority signs for its node. It is never sent, as both sides know it: `peerId` is the text of the
 * answerer's peer id, so that nobody else can use the signature; `nonce` is the request's, so that no old answer
 * counts.
 */
export const AuthorityNode = new ContainerType(
  { peerId: new ByteListType(maxPeerIdBytes), nonce: Bytes32 },
  { typeName: "AuthorityNode" },
);

/** `nonce` is random. */
export const AuthorityRequest = new ContainerType({ nonce: Bytes32 }, { typeName: "AuthorityRequest" });
export type AuthorityRequest = ValueOf<typeof AuthorityRequest>;

export const AuthorityAnswer = new ContainerType(
  { authority: Bytes32, signature: Bytes64 },
  { typeName: "AuthorityAnswer" },
);
export type AuthorityAnswer = ValueOf<typeof AuthorityAnswer>;

/** The authority whose node the answerer is, if it is one and says so. */
export const authority: Protocol<AuthorityRequest, AuthorityAnswer> = {
  id: "/ccoin/authority/1",
  request: AuthorityRequest,
  response: AuthorityAnswer,
  maxRequestBytes: AuthorityRequest.maxSize,
  maxResponseBytes: AuthorityAnswer.maxSize,
  maxChunks: 1,
  maxTotalBytes: AuthorityAnswer.maxSize,
  timeoutMs: 5_000,
  // A node asks on connecting, then every few minutes, and sooner if it got no answer. Each answer takes a signature.
  quota: { requests: 5, perMs: 60_000 },
};
