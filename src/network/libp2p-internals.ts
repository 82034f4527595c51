import { StreamState, YamuxStream } from "@chainsafe/libp2p-yamux/stream";
import type { GossipSub } from "@libp2p/gossipsub";
import type { TopicScoreParams } from "@libp2p/gossipsub/score";
import type {
  Connection,
  MessageStream,
  PeerDiscovery,
  PeerId,
  Stream,
  StreamMuxer,
} from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";

/*
 * The private parts of libp2p that this node reads or replaces. No other file reaches into them (docs/adr/0014).
 */

/** The private members of gossipsub 17 that the node needs, because its options offer no such thing. */
export interface GossipInternals {
  /** Called with each stream that a peer opens; calls `pipePeerReadStream` before it returns. */
  createInboundStream(peer: PeerId, stream: Stream): void;
  /** Reads the RPCs of a peer until its stream ends. */
  pipePeerReadStream(peer: PeerId, stream: AsyncIterable<Chunk>): Promise<void>;
  handlePeerReadStreamError(error: Error, peer: PeerId): void;
  sendRpc(peer: string, rpc: Rpc): boolean;
  /** Read at run time, but accepted only by the constructor. */
  opts: { scoreParams: { topics: Record<string, TopicScoreParams> } };
  allowedTopics: Set<string> | null;
}

/** Bytes that arrive on a stream: one RPC. */
export interface Chunk {
  readonly byteLength: number;
  subarray(): Uint8Array;
}

interface Rpc {
  subscriptions: unknown[];
  messages: RpcMessage[];
  control?: object | undefined;
}

export interface RpcMessage {
  topic: string;
  data?: Uint8Array | undefined;
}

export function internalsOf(pubsub: GossipSub): GossipInternals {
  return pubsub as unknown as GossipInternals;
}

/** The part of yamux that reads the frames of a connection. */
export interface MuxerReader extends Pick<StreamMuxer, "streams"> {
  decoder: object;
  onData(bytes: Uint8Array): void;
  abort(error: Error): void;
}

export function readerOf(muxer: StreamMuxer): MuxerReader {
  return muxer as unknown as MuxerReader;
}

interface Muxer {
  /** The connection below it. */
  maConn?: Pick<MessageStream, "writeBufferLength">;
  /** Resolves when the other side has answered. */
  ping(options: { signal: AbortSignal }): Promise<unknown>;
}

/** The multiplexer of a connection. */
export function muxerOf(connection: Connection): Muxer | undefined {
  return (connection as unknown as { muxer?: Muxer }).muxer;
}

/** The bytes of the length before each message of Noise. */
const lengthBytes = 2;

/** The part of Noise that reads the messages of a connection. */
interface MessageReader {
  decoder: {
    /** Called before each message is decrypted, and once more when no other has arrived. */
    lengthDecoder(bytes: Uint8ArrayList): number;
  };
}

/**
 * Calls `onLength` with the length of each message of Noise, before it is decrypted; an error ends the connection. Noise
 * throws a `RangeError` where it finds no length, which is after each message: its stack trace costs more than the rest.
 */
export function watchMessages(secured: MessageStream, onLength: (bytes: number) => void): void {
  const { decoder } = secured as unknown as MessageReader;
  const decode = decoder.lengthDecoder;
  decoder.lengthDecoder = (bytes) => {
    // The length itself takes two bytes, so that the decoder waits for more, whatever it is.
    if (bytes.byteLength < lengthBytes) return 0;
    const length = decode(bytes);
    onLength(length);
    return length;
  };
}

/** The ends of a stream at its transport. */
interface RawStream {
  /** Bytes that have arrived and that nobody has read. */
  readBuffer: Uint8ArrayList;
  /** Sends all bytes of a list of one piece. */
  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean };
  /** Called with bytes that arrive. */
  onData(data: { subarray(): Uint8Array }): void;
}

export function rawStreamOf(stream: MessageStream): RawStream {
  return stream as unknown as RawStream;
}

/** A whole message of Noise. */
const maxPieceBytes = lengthBytes + 0xffff;

/**
 * Sends what comes together, as a message of Noise and the length before it, as one piece of at most this size. TCP's
 * transport makes a system call, and often a packet, of each piece.
 */
export function sendInOnePiece(stream: MessageStream): void {
  const raw = rawStreamOf(stream);
  const sendData = raw.sendData.bind(raw);
  // The stream keeps the rest of a longer list, and sends it next.
  raw.sendData = (data) =>
    sendData(new Uint8ArrayList(data.subarray(0, Math.min(data.byteLength, maxPieceBytes))));
}

export interface DnsRecord {
  type: string;
  name?: string | undefined;
  data?: string | undefined;
}

interface MdnsPacket {
  questions: DnsRecord[];
  answers: DnsRecord[];
}

/** The running responder of @libp2p/mdns. */
export interface MdnsResponder {
  respond(response: DnsRecord[] | { answers: DnsRecord[]; additionals: DnsRecord[] }): void;
}

/** The private members of @libp2p/mdns. */
export interface DiscoveryInternals extends PeerDiscovery {
  mdns?: MdnsResponder;
  /** Stops with the discovery. */
  _queryInterval: NodeJS.Timeout | null;
  start(): Promise<void>;
  _onMdnsQuery(packet: MdnsPacket): void;
  _onMdnsResponse(packet: MdnsPacket, sender: { address: string; port: number }): void;
  _onMdnsWarning(error: Error): void;
  _onMdnsError(error: Error): void;
}

export function discoveryOf(discovery: PeerDiscovery): DiscoveryInternals {
  return discovery as DiscoveryInternals;
}

interface ReceiveWindow {
  state: StreamState;
  /** A window in bytes, as the sender knows it. */
  recvWindow: number;
  recvWindowCapacity: number;
}

const { sendWindowUpdate } = YamuxStream.prototype;

/**
 * yamux tells a sender after every frame that its window is whole again. That is an encrypted packet for each packet,
 * most of them for some hundred bytes of a window of megabytes. From here on it tells the sender once half of the
 * window is used, as yamux does in other languages.
 */
export function sendFewerWindowUpdates(): void {
  YamuxStream.prototype.sendWindowUpdate = function (this: YamuxStream) {
    const { state, recvWindow, recvWindowCapacity } = this as unknown as ReceiveWindow;
    // The first update of a stream says that it was accepted.
    if (state === StreamState.Established && recvWindowCapacity > recvWindow / 2) return;
    sendWindowUpdate.call(this);
  };
}
