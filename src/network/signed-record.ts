import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { equalBytes } from "../util/bytes.ts";
import { targetOf } from "./address.ts";
import type { PeerId } from "./types.ts";

/** A peer's own word on where it listens, under its signature (libp2p RFC 2 and 3). */
export interface SignedRecord {
  id: PeerId;
  /** A later record of the peer has a higher number. */
  seq: bigint;
  /** Multiaddrs without the peer id, as the peer ordered them. */
  addresses: string[];
  /** The record as it was signed. */
  envelope: Uint8Array;
}

/** Peers have Ed25519 keys; checking the signature of a large RSA key would cost many times as much. */
const keyType = "Ed25519";

/** Opens an envelope. @throws unless it holds a peer record that the peer itself has signed */
export async function openRecord(envelope: Uint8Array): Promise<SignedRecord> {
  const opened = RecordEnvelope.createFromProtobuf(envelope);
  if (opened.publicKey.type !== keyType) throw new Error(`a key of the type ${opened.publicKey.type}`);
  if (!equalBytes(opened.payloadType, PeerRecord.CODEC)) throw new Error("not a peer record");
  if (!(await opened.validate(PeerRecord.DOMAIN))) throw new Error("the signature is wrong");
  const record = PeerRecord.createFromProtobuf(opened.payload);
  const id = peerIdFromPublicKey(opened.publicKey);
  if (!record.peerId.equals(id)) throw new Error("signed by another peer");
  const addresses = record.multiaddrs.map((address) => targetOf(address.toString()));
  return { id: id.toString(), seq: record.seqNumber, addresses, envelope };
}
