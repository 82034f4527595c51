import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { multiaddr } from "@multiformats/multiaddr";
import type { SignedRecord } from "../../../src/network/signed-record.ts";

/** Signs a record of the peer whose key has the seed 32 × `n`; `of` is the seed of the peer that it speaks of. */
export async function signRecord(
  n: number,
  addresses: readonly string[],
  seq = 1n,
  of = n,
): Promise<SignedRecord> {
  const key = await generateKeyPairFromSeed("Ed25519", new Uint8Array(32).fill(n));
  const about = await generateKeyPairFromSeed("Ed25519", new Uint8Array(32).fill(of));
  const peerId = peerIdFromPrivateKey(about);
  const multiaddrs = addresses.map((address) => multiaddr(address));
  const envelope = await RecordEnvelope.seal(new PeerRecord({ peerId, multiaddrs, seqNumber: seq }), key);
  return { id: peerId.toString(), seq, addresses: [...addresses], envelope: envelope.marshal() };
}
