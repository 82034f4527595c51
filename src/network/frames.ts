import { Uint8ArrayList } from "uint8arraylist";

/** yamux, version 0: version, type, flags, stream id and length. */
const headerBytes = 12;
/** The types of a frame, and the flags of its stream. */
export const frameTypes = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
export const frameFlags = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;
/** These end a stream, so they belong to the last part of a frame; the others to its first. */
const endingFlags = frameFlags.fin | frameFlags.rst;

export interface FrameHeader {
  type: number;
  flag: number;
  streamID: number;
  length: number;
}

interface Frame {
  header: FrameHeader;
  /** Data frames alone have it. */
  data?: Uint8ArrayList;
}

/**
 * Reads yamux frames. The library's reader keeps a frame until all of it is here, and its length, which the sender
 * chooses, may be 4 GiB. This one passes on what arrives of a data frame as a frame of its own, so that the window of
 * the stream, which is checked for each, bounds what a sender can make this node keep.
 */
export class FrameReader {
  readonly #mayRead: () => boolean;
  readonly #onFrame: (header: FrameHeader) => void;
  readonly #buffer = new Uint8ArrayList();
  /** The data frame of which a part is to come. */
  #header: FrameHeader | undefined;

  /**
   * `mayRead` is asked before each frame; when it is false, the bytes stay here until the next call. `onFrame` is
   * called with each frame, or part of one, before it is passed on.
   */
  constructor(options: { mayRead(): boolean; onFrame(header: FrameHeader): void }) {
    this.#mayRead = options.mayRead;
    this.#onFrame = options.onFrame;
  }

  /** The frames, or parts of data frames, that the bytes complete. @throws {Error} if they are not yamux. */
  *emitFrames(bytes: Uint8Array | Uint8ArrayList): Generator<Frame> {
    this.#buffer.append(bytes);
    while (this.#mayRead()) {
      const frame = this.#next();
      if (!frame) return;
      this.#onFrame(frame.header);
      yield frame;
    }
  }

  #next(): Frame | undefined {
    const header = this.#header ?? this.#readHeader();
    if (!header || header.type !== frameTypes.data) return header && { header };
    this.#header = header;
    const length = Math.min(header.length, this.#buffer.byteLength);
    if (length === 0 && header.length > 0) return undefined;
    const data = this.#buffer.sublist(0, length);
    this.#buffer.consume(length);
    const isLast = length === header.length;
    const flag = isLast ? header.flag : header.flag & ~endingFlags;
    this.#header = isLast
      ? undefined
      : { ...header, flag: header.flag & endingFlags, length: header.length - length };
    return { header: { ...header, flag, length }, data };
  }

  #readHeader(): FrameHeader | undefined {
    if (this.#buffer.byteLength < headerBytes) return undefined;
    const bytes = this.#buffer.subarray(0, headerBytes);
    if (bytes[0] !== 0) throw new Error("unknown version of yamux");
    const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
    this.#buffer.consume(headerBytes);
    return {
      type: view.getUint8(1),
      flag: view.getUint16(2),
      streamID: view.getUint32(4),
      length: view.getUint32(8),
    };
  }
}
