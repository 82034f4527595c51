/** Ids, domains and signatures by protocols/README.md. This second implementation shares no code with src/. */
import { createHash, createPublicKey, verify } from "node:crypto";
import { Point } from "@noble/ed25519";
import { root, type Value } from "./ssz.ts";

export const domainBytes = {
  genesis: "00000000",
  transaction: "01000000",
  header: "02000000",
  finalityVote: "03000000",
};

export function domainOf(type: keyof typeof domainBytes, genesisId: string): string {
  return domainBytes[type] + (type === "genesis" ? "0".repeat(56) : genesisId.slice(0, 56));
}

/** Returns the 32 bytes that are signed. */
export function signingRoot(objectRoot: string, domain: string): string {
  return createHash("sha256")
    .update(Buffer.from(objectRoot + domain, "hex"))
    .digest("hex");
}

/** The bytes that precede the 32 raw bytes in the DER form of a key (RFC 8410). */
const prefix = "302a300506032b6570032100";

export function isSigned(message: string, publicKey: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.from(prefix + publicKey, "hex"), format: "der", type: "spki" });
  return verify(null, Buffer.from(message, "hex"), key, Buffer.from(signature, "hex"));
}

/** True for the canonical encoding of a point of the prime-order subgroup other than the identity. */
export function isAddress(bytes: string): boolean {
  try {
    const point = Point.fromHex(bytes);
    return !point.equals(Point.ZERO) && point.isTorsionFree();
  } catch {
    return false;
  }
}

export function isHeaderSigned({ message, signature }: Value, genesisId: string): boolean {
  const domain = domainOf(message.height === 0n ? "genesis" : "header", genesisId);
  return isSigned(signingRoot(root("Header", message), domain), message.proposer, signature);
}

export function isVoteSigned({ message, voter, signature }: Value, genesisId: string): boolean {
  return isSigned(
    signingRoot(root("FinalityVote", message), domainOf("finalityVote", genesisId)),
    voter,
    signature,
  );
}

export function isTransactionSigned({ message, signature }: Value, genesisId: string): boolean {
  return isSigned(
    signingRoot(root("Transfer", message), domainOf("transaction", genesisId)),
    message.from,
    signature,
  );
}

/** Returns the offence that a pair of headers or votes proves; undefined if it proves none. */
export function offenceOf({ headers, votes }: Value, genesisId: string, slotMs: bigint): string | undefined {
  if (headers.length + votes.length !== 1) return undefined;
  const [type, { first, second }] =
    headers.length === 1 ? ["Header", headers[0]] : ["FinalityVote", votes[0]];
  if (root(type, first.message) >= root(type, second.message)) return undefined;
  if (type === "Header") {
    const isOne = first.message.proposer === second.message.proposer;
    const inOneSlot = first.message.timestamp / slotMs === second.message.timestamp / slotMs;
    const signed = [first, second].every(
      (header) => header.message.height > 0n && isHeaderSigned(header, genesisId),
    );
    return isOne && inOneSlot && signed ? "header" : undefined;
  }
  if (first.voter !== second.voter || ![first, second].every((vote) => isVoteSigned(vote, genesisId)))
    return undefined;
  const [a, b] = [first.message, second.message];
  if (a.target.round === b.target.round) return "doubleVote";
  const surrounds = (outer: Value, inner: Value) =>
    outer.source.round < inner.source.round && inner.target.round < outer.target.round;
  return surrounds(a, b) || surrounds(b, a) ? "surround" : undefined;
}

/** True if a quorum of the set has signed the link of a certificate. */
export function isCertified(
  { link, voters, signatures }: Value,
  set: readonly string[],
  genesisId: string,
): boolean {
  const ascend = voters.every((voter: string, at: number) => at === 0 || voters[at - 1] < voter);
  return (
    ascend &&
    voters.length === signatures.length &&
    voters.length >= Math.floor((2 * set.length) / 3) + 1 &&
    voters.every(
      (voter: string, at: number) =>
        set.includes(voter) && isVoteSigned({ message: link, voter, signature: signatures[at] }, genesisId),
    )
  );
}
