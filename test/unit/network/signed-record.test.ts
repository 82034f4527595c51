import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { expect, test } from "vitest";
import { openRecord } from "../../../src/network/signed-record.ts";
import { signRecord } from "./sign-record.ts";

const address = "/ip4/192.0.2.1/tcp/63261";

test("opens what a peer has signed of itself", async () => {
  const signed = await signRecord(1, [address, "/ip6/2001:db8::1/tcp/1"], 7n);
  expect(await openRecord(signed.envelope)).toEqual(signed);
});

test("refuses a record of another peer than its signer", async () => {
  const { envelope } = await signRecord(1, [address], 1n, 2);
  await expect(openRecord(envelope)).rejects.toThrow("signed by another peer");
});

test("whatever byte is changed, a record says nothing that its peer has not signed", async () => {
  const { envelope, ...signed } = await signRecord(1, [address]);
  let opened = 0;
  for (let at = 0; at < envelope.length; at++) {
    const changed = envelope.slice();
    changed[at]! ^= 1;
    const record = await openRecord(changed).catch(() => undefined);
    if (!record) continue;
    // Protobuf can be written in several ways.
    opened++;
    expect({ ...record, envelope: undefined }).toEqual(signed);
  }
  expect(opened).toBeLessThan(envelope.length / 10);
});

test("refuses what is signed as something else, and keys whose signatures are costly to check", async () => {
  const key = await generateKeyPair("Ed25519");
  const record = new PeerRecord({ peerId: peerIdFromPrivateKey(key), multiaddrs: [] });
  const other = { domain: PeerRecord.DOMAIN, codec: new Uint8Array([9]), marshal: () => record.marshal() };
  const sealed = await RecordEnvelope.seal(other as never, key);
  await expect(openRecord(sealed.marshal())).rejects.toThrow("not a peer record");
  const large = await generateKeyPair("secp256k1");
  const ofLarge = new PeerRecord({ peerId: peerIdFromPrivateKey(large), multiaddrs: [] });
  const envelope = (await RecordEnvelope.seal(ofLarge, large)).marshal();
  await expect(openRecord(envelope)).rejects.toThrow("a key of the type secp256k1");
});
