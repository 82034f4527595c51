import type { Socket } from "node:net";
import { Duplex } from "node:stream";

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
