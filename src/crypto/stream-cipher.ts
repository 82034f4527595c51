import sodium from "sodium-native";

export const streamNonceBytes = 24;

/** XSalsa20 over a stream that comes in pieces of any length. The same call encrypts and decrypts. */
export class StreamCipher {
  readonly #state = Buffer.alloc(sodium.crypto_stream_xor_STATEBYTES);

  constructor(key: Uint8Array, nonce: Uint8Array) {
    sodium.crypto_stream_xor_init(this.#state, nonce, key);
  }

  /** Returns the next bytes of the stream in memory of their own. */
  apply(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(bytes.length);
    sodium.crypto_stream_xor_update(this.#state, out, bytes);
    return out;
  }
}
