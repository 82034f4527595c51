import type { Socket } from "node:net";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import type { Connection, Libp2p, MessageStream, Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { patience } from "../../e2e/harness/until.ts";
import { drained } from "./wire.ts";

/** The frames of yamux, written apart from the node. */
export const frameTypes = { data: 0, windowUpdate: 1, ping: 2 } as const;

/** `length` need not be that of `data`. */
export function yamuxFrame(
  type: number,
  flag: number,
  stream: number,
  length: number,
  data = new Uint8Array(),
): Uint8Array {
  const frame = Buffer.alloc(12 + data.length);
  frame[1] = type;
  frame.writeUInt16BE(flag, 2);
  frame.writeUInt32BE(stream, 4);
  frame.writeUInt32BE(length, 8);
  frame.set(data, 12);
  return frame;
}

/** The private parts of a connection by Noise. */
interface Secured {
  stream: { socket: Socket };
  handshake: { encrypt(bytes: Uint8Array): { subarray(): Uint8Array } };
}

/** A peer that writes frames of the multiplexer by hand, below all streams. */
export class RawPeer {
  readonly #host: Libp2p;
  #wire: MessageStream | undefined;

  private constructor(host: Libp2p) {
    this.#host = host;
  }

  static async connect(address: string, localAddress?: string): Promise<RawPeer> {
    const factory = yamux()();
    const wires: MessageStream[] = [];
    const host = await createLibp2p({
      addresses: { listen: [] },
      transports: [tcp(localAddress === undefined ? {} : { dialOpts: { localAddress } as never })],
      connectionEncrypters: [noise()],
      streamMuxers: [
        () => ({
          protocol: factory.protocol,
          createStreamMuxer(connection) {
            wires.push(connection);
            return factory.createStreamMuxer(connection);
          },
        }),
      ],
      connectionManager: { reconnectRetries: 0 },
      services: { identify: identify() },
    });
    // Gossip is taken and not read.
    await host.handle(["/meshsub/1.2.0", "/meshsub/1.1.0"], (stream) =>
      stream.addEventListener("message", () => undefined),
    );
    const peer = new RawPeer(host);
    try {
      await host.dial(multiaddr(address), { signal: AbortSignal.timeout(8_000 * patience.factor) });
      peer.#wire = wires[0];
    } catch (error) {
      await host.stop();
      throw error;
    }
    return peer;
  }

  get connected(): boolean {
    return this.#connection?.status === "open";
  }

  get #connection(): Connection | undefined {
    return this.#host.getConnections()[0];
  }

  /** A new stream, in the caller's hands. */
  async stream(protocol: string | string[]): Promise<Stream> {
    if (!this.#connection) throw new Error("not connected");
    return this.#connection.newStream(protocol, {
      signal: AbortSignal.timeout(10_000 * patience.factor),
      maxOutboundStreams: 4096,
    });
  }

  /** Writes what the node's multiplexer reads, and waits where the socket is full, but not forever. */
  async write(bytes: Uint8Array, patienceMs = 1_000): Promise<void> {
    const wire = this.#wire;
    if (!wire || !this.connected) throw new Error("not connected");
    if (wire.send(bytes)) return;
    await drained(wire, patienceMs);
  }

  /** Writes messages of Noise that hold nothing, as bytes for `writeBelow`. */
  emptyMessages(count: number): Uint8Array {
    const { handshake } = this.#wire as unknown as Secured;
    const message = () =>
      Buffer.concat([Buffer.from([0, 16]), handshake.encrypt(new Uint8Array()).subarray()]);
    return Buffer.concat(Array.from({ length: count }, message));
  }

  /** Writes what the node's Noise reads. */
  writeBelow(bytes: Uint8Array): void {
    (this.#wire as unknown as Secured).stream.socket.write(bytes);
  }

  /** Reads nothing of the socket any more. */
  deafen(): void {
    this.#wire?.pause();
  }

  async leave(): Promise<void> {
    await this.#host.stop();
  }
}
