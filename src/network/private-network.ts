import { randomBytes } from "node:crypto";
import type { ConnectionProtector, MessageStream } from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";
import { StreamCipher, streamNonceBytes } from "../crypto/stream-cipher.ts";
import { rawStreamOf } from "./libp2p-internals.ts";

/**
 * Closes the network to everybody without its key, as libp2p specifies it (pnet/Private-Networks-PSK-V1): each side
 * sends a random nonce, and everything after that is encrypted with XSalsa20, below Noise. Others see random bytes, and
 * what they send is none of the protocol. It authenticates nobody; Noise does.
 */
export function privateNetwork(key: Uint8Array): () => ConnectionProtector {
  return () => ({
    protect: async (connection) => {
      encrypt(connection, key);
      return connection;
    },
  });
}

/** From here on, what is sent and received on the connection is encrypted. */
function encrypt(connection: MessageStream, key: Uint8Array): void {
  const raw = rawStreamOf(connection);
  const sendData = raw.sendData.bind(raw);
  const onData = raw.onData.bind(raw);
  const nonce = new Uint8Array(randomBytes(streamNonceBytes));
  const outgoing = new StreamCipher(key, nonce);
  let incoming: StreamCipher | undefined;
  let remoteNonce = new Uint8Array(0);

  raw.onData = (data) => {
    let bytes = data.subarray();
    if (!incoming) {
      const missing = streamNonceBytes - remoteNonce.length;
      remoteNonce = new Uint8Array(Buffer.concat([remoteNonce, bytes.subarray(0, missing)]));
      if (remoteNonce.length < streamNonceBytes) return;
      incoming = new StreamCipher(key, remoteNonce);
      bytes = bytes.subarray(missing);
    }
    if (bytes.length > 0) onData(incoming.apply(bytes));
  };
  // Data that came before is encrypted too.
  const early = raw.readBuffer.subarray();
  raw.readBuffer.consume(early.length);
  sendData(new Uint8ArrayList(nonce));
  raw.sendData = (data) => {
    // One piece, so that the socket takes it as a whole: nothing may be encrypted twice.
    const { canSendMore } = sendData(new Uint8ArrayList(outgoing.apply(data.subarray())));
    return { sentBytes: data.byteLength, canSendMore };
  };
  if (early.length > 0) raw.onData(early);
}
