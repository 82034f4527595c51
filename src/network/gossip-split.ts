import type { GossipSub } from "@libp2p/gossipsub";
import { maxGossipBytes } from "../../protocols/index.ts";
import { rpcLimits } from "./gossip-guard.ts";
import { internalsOf, type RpcMessage } from "./libp2p-internals.ts";

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
