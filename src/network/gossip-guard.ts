import type { GossipSub } from "@libp2p/gossipsub";
import { maxGossipBytes, maxGossipTransactions, RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import type { Intake } from "./intake.ts";
import { type Chunk, internalsOf, type RpcMessage } from "./libp2p-internals.ts";
import type { PeerScores } from "./scores.ts";

/** Ids that gossipsub puts into one IHAVE or IWANT. */
const maxIdsInMessage = 5_000;

/** Limits of one RPC. gossipsub itself sends no more. */
export const rpcLimits = {
  /** A few topics, each at most twice. */
  subscriptions: 32,
  messages: maxGossipTransactions,
  /** Control messages of each kind. An IHAVE is for one topic, the others are for one message each. */
  controlMessages: 512,
  /** Ids in all control messages together: an IHAVE for each of four topics. */
  ids: 4 * maxIdsInMessage + 1_000,
  /** Fields that this version does not know. A later version may send a few. */
  unknown: 64,
} as const;

/** RPCs of one peer, and the parts that they hold. RPCs above it are dropped unread, each for a small penalty. */
export const rpcQuota = { requests: 20_000, perMs: 10_000 };
export const partsQuota = { requests: 200_000, perMs: 10_000 };
/**
 * RPCs of one peer that bring no message and report none as known (IDONTWANT, one for each large message). gossipsub
 * collects the others for its heartbeat, so an honest peer sends only a few a second. They cost their sender nothing,
 * and this node some 0.3 ms.
 */
export const controlQuota = { requests: 200, perMs: 10_000 };

/** gossipsub's `decodeRpcLimits`: a second line of defence behind `countParts`. */
export const decodeRpcLimits = {
  maxSubscriptions: rpcLimits.subscriptions,
  maxMessages: rpcLimits.messages,
  maxControlMessages: rpcLimits.controlMessages,
  maxIhaveMessageIDs: maxIdsInMessage,
  maxIwantMessageIDs: maxIdsInMessage,
  maxIdontwantMessageIDs: rpcLimits.controlMessages,
  maxPeerInfos: 16,
};

/** The fields of `RPC` and of its `ControlMessage` (rpc.proto of the gossipsub specification). */
const rpcFields = { subscriptions: 1, messages: 2, control: 3 } as const;
const controlFields = { first: 1, idontwant: 5, last: 5 } as const;

export interface RpcParts {
  /** Everything that the RPC holds, and the RPC itself. */
  parts: number;
  /** The RPC has no message, and no IDONTWANT, which follows from somebody's message. */
  isControl: boolean;
}

/**
 * Counts what an RPC holds without decoding it: an id of no bytes takes two bytes on the wire and some hundred in
 * memory. Undefined above the limits, or if the bytes are no protobuf.
 */
export function countParts(rpc: Uint8Array): RpcParts | undefined {
  const counts = { subscriptions: 0, messages: 0, ids: 0, unknown: 0, control: new Map<number, number>() };
  const isFine = eachField(rpc, (field, control) => {
    if (field === rpcFields.subscriptions) return ++counts.subscriptions <= rpcLimits.subscriptions;
    if (field === rpcFields.messages) return ++counts.messages <= rpcLimits.messages;
    if (field !== rpcFields.control) return ++counts.unknown <= rpcLimits.unknown;
    return eachField(control, (kind, message) => {
      if (kind < controlFields.first || kind > controlFields.last)
        return ++counts.unknown <= rpcLimits.unknown;
      const count = (counts.control.get(kind) ?? 0) + 1;
      counts.control.set(kind, count);
      return count <= rpcLimits.controlMessages && eachField(message, () => ++counts.ids <= rpcLimits.ids);
    });
  });
  const control = [...counts.control.values()].reduce((sum, count) => sum + count, 0);
  const { subscriptions, messages, ids, unknown } = counts;
  if (!isFine) return undefined;
  return {
    parts: 1 + subscriptions + messages + control + ids + unknown,
    isControl: messages === 0 && !counts.control.has(controlFields.idontwant),
  };
}

/** Calls `visit` with each field until it returns false. Returns false then, and if the bytes are no protobuf. */
function eachField(bytes: Uint8Array, visit: (field: number, value: Uint8Array) => boolean): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const start = at;
    if (Number.isNaN(tag)) return false;
    if ((tag & 7) === 0) at = Number.isNaN(varint()) ? Number.NaN : at;
    else if ((tag & 7) === 1) at += 8;
    else if ((tag & 7) === 5) at += 4;
    else if ((tag & 7) === 2) {
      const length = varint();
      const from = at;
      at += length;
      if (!(at <= bytes.length) || !visit(Math.floor(tag / 8), bytes.subarray(from, at))) return false;
      continue;
    } else return false;
    if (!(at <= bytes.length) || !visit(Math.floor(tag / 8), bytes.subarray(start, at))) return false;
  }
  return true;
}

/** The errors that report a length above `maxInboundDataLength`. */
const oversized: ReadonlySet<string> = new Set(["InvalidDataLengthError", "InvalidDataLengthLengthError"]);

/**
 * Drops RPCs above the limits and the quotas before gossipsub decodes them. The first RPC above the limits bans its
 * sender; those above the quotas cost it a little score each. The parts of the others are charged to the share of the
 * sender's address. Call this before the node starts.
 */
export function guardGossip(
  pubsub: GossipSub,
  { scores, clock, intake }: { scores: PeerScores; clock: Clock; intake: Pick<Intake, "chargePeer"> },
): void {
  const rpcs = new RateLimiter(clock);
  const parts = new RateLimiter(clock);
  const controls = new RateLimiter(clock);
  const reader = internalsOf(pubsub);
  const read = reader.pipePeerReadStream.bind(pubsub);
  reader.pipePeerReadStream = (peer, stream) => read(peer, filter(peer.toString(), stream));

  const onError = reader.handlePeerReadStreamError.bind(pubsub);
  reader.handlePeerReadStreamError = (error, peer) => {
    if (oversized.has(error.name))
      scores.penalize(peer.toString(), "excessiveRpc", "an RPC that is too large");
    onError(error, peer);
  };

  async function* filter(peer: string, stream: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of stream) if (isTaken(peer, chunk)) yield chunk;
  }

  function isTaken(peer: string, chunk: Chunk): boolean {
    if (scores.blocked(peer)) return false;
    if (!rpcs.take(peer, rpcQuota) || parts.delayMs(peer, partsQuota) > 0) {
      scores.penalize(peer, "rateLimited", "gossip");
      return false;
    }
    const counted = countParts(chunk.subarray());
    if (counted === undefined) {
      scores.penalize(peer, "excessiveRpc", "an RPC above the limits");
      return false;
    }
    if (counted.isControl && !controls.take(peer, controlQuota)) {
      scores.penalize(peer, "rateLimited", "control messages of gossip");
      return false;
    }
    parts.take(peer, partsQuota, counted.parts);
    intake.chargePeer(peer, counted.parts);
    return true;
  }
}

/** Bytes of a message on the wire in addition to its data and topic. */
const overheadBytes = 16;

/**
 * gossipsub answers an IWANT with all messages at once, however many and large they are, and a peer refuses such an
 * RPC. This sends them in several RPCs within the limits: a single message always is, and control messages have room
 * beside it.
 */
export function splitRpcs(pubsub: GossipSub): void {
  const sender = internalsOf(pubsub);
  const send = sender.sendRpc.bind(pubsub);
  sender.sendRpc = (peer, rpc) => {
    const [first, ...others] = split(rpc.messages);
    // The rest of the RPC goes with the first messages.
    let sent = send(peer, first && others.length > 0 ? { ...rpc, messages: first } : rpc);
    for (const messages of others) sent = send(peer, { subscriptions: [], messages }) && sent;
    return sent;
  };
}

function split(messages: readonly RpcMessage[]): RpcMessage[][] {
  const parts: RpcMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = (message.data?.length ?? 0) + message.topic.length + overheadBytes;
    const last = parts.at(-1);
    if (!last || bytes + size > maxGossipBytes || last.length >= rpcLimits.messages) {
      parts.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return parts;
}
