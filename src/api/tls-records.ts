import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { systemPause } from "../util/slices.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

const headerBytes = 5;

/**
 * Makes a client pay for records: calls `pass` with their bytes, perhaps piece by piece, when they may be decrypted.
 * Rejects if they may not.
 */
export type PayRecords = (records: number, bytes: Buffer, pass: (piece: Buffer) => void) => Promise<void>;

/** Counts the records that begin in the bytes of one direction of a connection (RFC 8446, 5.1). */
export class RecordCount {
  /** Bytes of the current record that are still to come, after its header. */
  #left = 0;
  /** Bytes of the current header that have come; its last two are the length of what follows. */
  #ofHeader = 0;
  #length = 0;

  add(bytes: Uint8Array): number {
    let records = 0;
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#left, bytes.length - at);
      at += skipped;
      this.#left -= skipped;
      if (at === bytes.length) break;
      if (this.#ofHeader++ === 0) records++;
      this.#length = ((this.#length << 8) | bytes[at++]!) & 0xffff;
      if (this.#ofHeader < headerBytes) continue;
      this.#ofHeader = 0;
      this.#left = this.#length;
    }
    return records;
  }
}

/**
 * A connection as TLS reads and writes it. What a record makes TLS do is hidden in it, and costs as much for a byte of
 * HTTP, or for none, as for a kilobyte: so each is paid for before TLS sees it.
 */
export class PaidConnection extends Duplex {
  readonly #socket: Socket;
  readonly #pay: PayRecords;
  #wanted: () => void = () => undefined;

  constructor(socket: Socket, pay: PayRecords) {
    super();
    this.#socket = socket;
    this.#pay = pay;
    // The client has left, or does not pay.
    this.#receive().catch(() => this.destroy());
  }

  override _read(): void {
    this.#wanted();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  async #receive(): Promise<void> {
    const count = new RecordCount();
    for await (const bytes of this.#socket as AsyncIterable<Buffer>) {
      let hasRoom = true;
      await this.#pay(count.add(bytes), bytes, (piece) => {
        hasRoom = this.push(piece);
      });
      if (!hasRoom) await new Promise<void>((resolve) => (this.#wanted = resolve));
    }
    this.push(null);
  }
}

/** A handshake costs the thread as much as some twenty small requests. */
export const handshakeTokens = 20;
/** A record may ask for new keys, which costs the thread less than half as much as a small request. */
export const recordTokens = 0.5;
/** Records that arrive together and are decrypted at once, which takes a ms or two. Those of long bodies are fewer. */
export const recordsAtOnce = 64;
/** Bytes that are decrypted in one turn if there are more records. */
const turnBytes = 4 * 1024;

/** Makes clients pay for the work of TLS. */
export interface TlsToll {
  /** Calls `begin` when the client may have a handshake. Rejects if it may not. */
  handshake(address: string, begin: () => void): Promise<void>;
  /** Returns what makes the client at an address pay for its records. */
  records(address: string): PayRecords;
}

/**
 * Makes each client pay for TLS as for requests. Handshakes, and many small records, wait for its turn among expensive
 * reads. The connections of a trusted proxy are those of many clients, and wait for nobody.
 */
export function tlsToll({
  limiter,
  reads,
  proxies,
}: {
  limiter: ClientLimiter;
  reads: DearReads;
  proxies: TrustedProxies;
}): TlsToll {
  return {
    async handshake(address, begin) {
      if (proxies.has(address)) return begin();
      if (limiter.retryAfterS(address) > 0) throw overloaded("too many TLS handshakes");
      limiter.charge(address, handshakeTokens - 1);
      await reads.run(address, async () => {
        begin();
        // The handshake is computed before other events are handled.
        await systemPause();
      });
    },
    records: (address) => async (records, bytes, pass) => {
      if (proxies.has(address)) return pass(bytes);
      if (!limiter.charge(address, records * recordTokens)) throw overloaded("too many TLS records");
      if (records <= recordsAtOnce) return pass(bytes);
      for (let at = 0; at < bytes.length; at += turnBytes)
        await reads.run(address, async () => pass(bytes.subarray(at, at + turnBytes)));
    },
  };
}
