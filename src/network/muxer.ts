import { noise } from "@chainsafe/libp2p-noise";
import { type YamuxMuxerInit, yamux } from "@chainsafe/libp2p-yamux";
import type { Connection, MessageStream, StreamMuxerFactory } from "@libp2p/interface";
import type { Clock } from "../util/clock.ts";
import { type FrameHeader, FrameReader, frameFlags, frameTypes } from "./frames.ts";
import {
  type Intake,
  type IntakeSource,
  unitBytes,
  unitBytesOfAnswers,
  unitsOfPing,
  unitsOfStream,
} from "./intake.ts";
import { type MuxerReader, muxerOf, readerOf, sendInOnePiece, watchMessages } from "./libp2p-internals.ts";
import { noiseCrypto } from "./noise-crypto.ts";

/** A connection waits at least this long, so that many connections that wait cause few timers. */
const leastWaitMs = 50;

/**
 * Pings and new streams of a peer that reads nothing. This node answers each, and only the peer's reading makes room
 * for the answers.
 */
export const maxUnreadAnswers = 1_024;

/**
 * Bytes of one connection on streams whose protocol is not agreed yet. libp2p keeps up to 4 MiB of each while it waits
 * for the peer to read its answers. A whole window fits, for peers that send a request together with its protocol.
 */
export const maxEarlyBytes = 512 * 1_024;
/** With this many entries, those of streams that have closed or agreed on a protocol are deleted. */
const maxEarlyStreams = 1_024;

/** Messages of Noise of a connection that has no multiplexer yet. Peers negotiate it with a few. */
const maxEarlyMessages = 1_024;
/** A message of Noise ends with a tag of this length. */
const tagBytes = 16;

/** The connection below the multiplexer. */
type Wire = Pick<MessageStream, "status" | "writableNeedsDrain" | "pause" | "resume" | "abort">;

export interface MuxersOptions {
  intake: Intake;
  clock: Clock;
}

/**
 * Noise and yamux, whose messages and frames are charged to their sender, and read no faster than its share allows. A
 * message may hold little of a frame, or nothing.
 */
export class Muxers {
  readonly #options: MuxersOptions;
  /** Each meter is found by its multiplexer, and by the connection below that. */
  readonly #meters = new WeakMap<object, FrameMeter>();

  constructor(options: MuxersOptions) {
    this.#options = options;
  }

  /** Makes an entry of libp2p's option `connectionEncrypters`. */
  encrypter(): ReturnType<typeof noise> {
    const create = noise({ crypto: noiseCrypto });
    return (components) => {
      const encrypter = create(components);
      for (const name of ["secureInbound", "secureOutbound"] as const) {
        const secure = encrypter[name].bind(encrypter);
        encrypter[name] = async (connection, options) => {
          sendInOnePiece(connection);
          const secured = await secure(connection, options);
          this.#watch(secured.connection);
          return secured;
        };
      }
      return encrypter;
    };
  }

  #watch(wire: MessageStream): void {
    let early = 0;
    watchMessages(wire, (bytes) => {
      const meter = this.#meters.get(wire);
      if (meter) meter.onMessage();
      else if (++early > maxEarlyMessages) throw new Error("too many messages before there is a multiplexer");
      if (bytes < tagBytes) throw new Error("not a message of Noise");
    });
  }

  /** Makes libp2p's option `streamMuxers`. */
  factory(init: YamuxMuxerInit): () => StreamMuxerFactory {
    const create = yamux(init);
    return () => {
      const inner = create();
      return {
        protocol: inner.protocol,
        createStreamMuxer: (wire) => {
          const muxer = inner.createStreamMuxer(wire);
          const reader = readerOf(muxer);
          const meter = new FrameMeter(wire, reader, this.#options);
          reader.decoder = new FrameReader(meter);
          for (const each of [muxer, wire]) this.#meters.set(each, meter);
          return muxer;
        },
      };
    };
  }

  /** Tells whose connection it is. Until then its frames are only counted. */
  opened(connection: Connection, source: IntakeSource): void {
    this.#options.intake.opened(source);
    const muxer = muxerOf(connection);
    if (muxer) this.#meters.get(muxer)?.belongsTo(source, connection.direction === "outbound");
  }
}

/**
 * Charges the frames of one connection, and lets it wait when its sender has used up its share, or has sent much on
 * streams without a protocol.
 */
export class FrameMeter {
  readonly #wire: Wire;
  readonly #reader: Pick<MuxerReader, "onData" | "abort" | "streams">;
  readonly #options: MuxersOptions;
  #source: IntakeSource | undefined;
  /** This node dialled. The one that dials opens streams with odd ids. */
  #dialled = false;
  /** Units that are charged when the source is known. */
  #units = 0;
  #isWaiting = false;
  /** Frames that this node has answered since the peer last made room for the answers. */
  #unreadAnswers = 0;
  /** Bytes of streams that the peer has opened and that may be without a protocol, by their ids. */
  readonly #early = new Map<number, number>();
  #earlyBytes = 0;

  constructor(wire: Wire, reader: Pick<MuxerReader, "onData" | "abort" | "streams">, options: MuxersOptions) {
    this.#wire = wire;
    this.#reader = reader;
    this.#options = options;
  }

  belongsTo(source: IntakeSource, dialled: boolean): void {
    this.#source = source;
    this.#dialled = dialled;
    this.#options.intake.charge(source, this.#units);
  }

  /** The number of streams that may be without a protocol. */
  get earlyStreams(): number {
    return this.#early.size;
  }

  readonly mayRead = (): boolean => !this.#isWaiting;

  /** @throws {Error} if the peer asks on and on, and reads no answer. */
  readonly onFrame = (header: FrameHeader): void => {
    const isAnswered = (header.flag & frameFlags.syn) !== 0;
    if (!this.#wire.writableNeedsDrain) this.#unreadAnswers = 0;
    else if (isAnswered && ++this.#unreadAnswers > maxUnreadAnswers)
      throw new Error("the peer reads no answers");
    this.#noteEarly(header);
    this.#charge(this.#unitsOf(header));
    const delayMs = this.#delayMs();
    if (delayMs > 0 || this.#hasTooMuchEarly(header.streamID)) this.#wait(delayMs);
  };

  /** A message of Noise is about to be decrypted. */
  readonly onMessage = (): void => {
    this.#charge(1);
    const delayMs = this.#delayMs();
    if (delayMs > 0 && !this.#isWaiting) this.#wait(delayMs);
  };

  #charge(units: number): void {
    if (this.#source) this.#options.intake.charge(this.#source, units);
    else this.#units += units;
  }

  #delayMs(): number {
    return this.#source ? this.#options.intake.delayMs(this.#source) : 0;
  }

  #unitsOf({ type, flag, streamID, length }: FrameHeader): number {
    if (type === frameTypes.ping && (flag & frameFlags.syn) !== 0) return unitsOfPing;
    const isOwn = (streamID % 2 === 1) === this.#dialled;
    const opens = streamID !== 0 && !isOwn && (flag & frameFlags.syn) !== 0;
    const bytes = type === frameTypes.data ? length / (isOwn ? unitBytesOfAnswers : unitBytes) : 0;
    return 1 + bytes + (opens ? unitsOfStream : 0);
  }

  #noteEarly({ type, flag, streamID, length }: FrameHeader): void {
    if (type === frameTypes.ping || streamID === 0) return;
    const bytes = this.#early.get(streamID) ?? ((flag & frameFlags.syn) !== 0 ? 0 : undefined);
    if (bytes === undefined) return;
    const more = type === frameTypes.data ? length : 0;
    this.#early.set(streamID, bytes + more);
    this.#earlyBytes += more;
  }

  /** `opening` is the stream of a frame that is not passed on yet; the multiplexer may not know that stream. */
  #hasTooMuchEarly(opening?: number): boolean {
    if (this.#earlyBytes <= maxEarlyBytes && this.#early.size <= maxEarlyStreams) return false;
    const protocols = new Map(this.#reader.streams.map(({ id, protocol }) => [id, protocol]));
    for (const [id, bytes] of this.#early) {
      const protocol = protocols.get(`${id}`) ?? (id === opening ? "" : undefined);
      if (protocol === "") continue;
      this.#early.delete(id);
      this.#earlyBytes -= bytes;
    }
    return this.#earlyBytes > maxEarlyBytes;
  }

  #wait(delayMs: number): void {
    this.#isWaiting = true;
    // A connection that is just resuming resumes the wire below it last, so the wire is paused after that.
    queueMicrotask(() => {
      if (this.#isWaiting && this.#wire.status === "open") this.#wire.pause();
    });
    this.#options.clock.after(Math.max(leastWaitMs, Math.ceil(delayMs)), () => this.#goOn());
  }

  #goOn(): void {
    const wire = this.#wire;
    if (wire.status !== "open") return;
    const delayMs = this.#delayMs();
    // The streams end when the time for their protocol is over.
    if (delayMs > 0 || this.#hasTooMuchEarly()) {
      this.#wait(delayMs);
      return;
    }
    this.#isWaiting = false;
    try {
      // Reads what is here already, as far as the share goes.
      this.#reader.onData(new Uint8Array());
      if (this.mayRead()) wire.resume();
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#reader.abort(cause);
      wire.abort(cause);
    }
  }
}
