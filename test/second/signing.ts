/** Ids, domains and signatures by protocols/README.md. This second implementation shares no code with src/. */
import { createHash } from "node:crypto";
import { Point } from "@noble/ed25519";
import { page, root, type Value } from "./ssz.ts";

const names = {
  genesis: "genesis header",
  transaction: "transaction",
  header: "header",
  finalityVote: "finality vote",
  authorityNode: "authority's node",
};

/** Returns the domain of a type of signature, whose bytes are in the table of the page. */
export function domainOf(type: keyof typeof names, genesisId: string): string {
  const [, bytes] = new RegExp(`^\\| ${names[type]} +\\| \`([0-9a-f]{8})\``, "m").exec(page)!;
  return bytes! + (type === "genesis" ? "0".repeat(56) : genesisId.slice(0, 56));
}

/** Returns the 32 bytes that are signed. */
export function signingRoot(objectRoot: string, domain: string): string {
  return createHash("sha256")
    .update(Buffer.from(objectRoot + domain, "hex"))
    .digest("hex");
}

const order = Point.CURVE().n;
const identity = `01${"00".repeat(31)}`;
const littleEndian = (hex: string) => BigInt(`0x${Buffer.from(hex, "hex").reverse().toString("hex")}`);

/** The rule of the page, word by word: s < L, encode(sB - kA) = R, R not the identity, and A an address. */
export function isSigned(message: string, publicKey: string, signature: string): boolean {
  const [R, s] = [signature.slice(0, 64), littleEndian(signature.slice(64))];
  if (s >= order || R === identity || !isAddress(publicKey)) return false;
  const hash = createHash("sha512").update(Buffer.from(R + publicKey + message, "hex"));
  const kA = Point.fromHex(publicKey).multiplyUnsafe(littleEndian(hash.digest("hex")) % order);
  return Point.BASE.multiplyUnsafe(s).subtract(kA).toHex() === R;
}

const checked = new Map<string, boolean>();

/** True for the canonical encoding of a point of the prime-order subgroup other than the identity. */
export function isAddress(bytes: string): boolean {
  const known = checked.get(bytes) ?? isPoint(bytes);
  checked.set(bytes, known);
  return known;
}

function isPoint(bytes: string): boolean {
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

/** True if the two certificates prove that the first one's target is final. */
export function isFinal(
  { justification, finalization }: Value,
  sets: readonly [string[], string[]],
  genesisId: string,
): boolean {
  const { source, target } = finalization.link;
  return (
    root("Checkpoint", justification.link.target) === root("Checkpoint", source) &&
    target.round === source.round + 1n &&
    isCertified(justification, sets[0], genesisId) &&
    isCertified(finalization, sets[1], genesisId)
  );
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
