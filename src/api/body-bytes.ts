const nothing = Buffer.alloc(0);

/**
 * A body as far as it has arrived. Several pieces are copied into one memory, which `free` returns to the operating
 * system at once: bodies of megabytes that wait for their collection would take several times the memory of those in
 * use.
 */
export class BodyBytes {
  readonly #maxBytes: number;
  #only: Buffer = nothing;
  #memory: ArrayBuffer | undefined;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far. They are gone after `free`. */
  get all(): Buffer {
    return this.#memory ? Buffer.from(this.#memory, 0, this.#length) : this.#only;
  }

  /** Takes a piece; all of them have at most `maxBytes`. */
  add(piece: Buffer): void {
    if (this.#length === 0) this.#only = piece;
    else {
      this.#memory ??= this.#begin();
      append(this.#memory, piece);
    }
    this.#length += piece.length;
  }

  free(): void {
    this.#memory?.resize(0);
    this.#only = nothing;
  }

  /** Reserves addresses for the whole body; its memory is taken as it grows. */
  #begin(): ArrayBuffer {
    const memory = new ArrayBuffer(0, { maxByteLength: this.#maxBytes });
    append(memory, this.#only);
    this.#only = nothing;
    return memory;
  }
}

function append(memory: ArrayBuffer, piece: Buffer): void {
  const at = memory.byteLength;
  memory.resize(at + piece.length);
  new Uint8Array(memory).set(piece, at);
}
