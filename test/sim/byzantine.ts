import type { TopicName } from "../../protocols/index.ts";
import type { Signer } from "../../src/accounts/signer.ts";
import type { Genesis } from "../../src/chain/genesis.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import type { Network, Verdict } from "../../src/network/types.ts";
import { keySpaces } from "../../src/storage/key-spaces.ts";
import {
  type Checkpoint,
  CompactBlock,
  type Header,
  type SignedFinalityVote,
  SignedFinalityVote as SignedFinalityVoteType,
} from "../../src/types/index.ts";
import { equalBytes } from "../../src/util/bytes.ts";
import { signHeader } from "../sign-header.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Behaviour } from "./node.ts";
import type { Random } from "./random.ts";
import type { FaultKind } from "./scenario.ts";
import type { Timeline } from "./timeline.ts";

export interface ByzantineOptions {
  kind: FaultKind;
  signer: Signer;
  genesis: Genesis;
  random: Random;
  timeline: Timeline;
}

/** A node that runs the real code, but lies in its messages and never notices that another copy signs. */
export function byzantine(options: ByzantineOptions): Behaviour {
  return {
    network: (endpoint) => liar(endpoint, options),
    // The protection finds every own signature "recorded" already, so it never stops the node.
    database: (database) => ({
      ...database,
      get: async (key) =>
        key[0] === keySpaces.protection && (key[33] === 2 || key[33] === 3)
          ? new Uint8Array(8)
          : database.get(key),
    }),
  };
}

function liar(endpoint: Endpoint, options: ByzantineOptions): Network {
  const { signer, genesis, random, timeline, kind } = options;
  const seen: Checkpoint[] = [{ round: 0, height: 0, block: genesis.id }];
  const peers = () => endpoint.peers().map(({ id }) => id);
  const some = () => peers().filter(() => random.chance(0.5));

  const resign = (header: Header) => signHeader(signer, header, genesis.id);

  async function publishBlock(message: Uint8Array, digest: Uint8Array): Promise<number> {
    const compact = CompactBlock.deserialize(message);
    const header = compact.header.message;
    if (kind === "badStateRoots" && random.chance(0.5)) {
      const bad = await resign({ ...header, stateRoot: random.bytes(32) });
      return endpoint.publish("blocks", CompactBlock.serialize({ ...compact, header: bad }), digest);
    }
    if (kind === "equivocateHeaders" && random.chance(0.7)) {
      const twin = CompactBlock.serialize({
        ...compact,
        header: await resign({ ...header, timestamp: header.timestamp + 1 }),
      });
      const first = new Set(some());
      for (const peer of peers()) endpoint.publishTo(peer, "blocks", first.has(peer) ? message : twin);
      return 1;
    }
    return endpoint.publish("blocks", message, digest);
  }

  async function publishVote(message: Uint8Array, digest: Uint8Array): Promise<number> {
    const { message: link, voter } = SignedFinalityVoteType.deserialize(message);
    seen.push(link.source, link.target);
    if (kind !== "equivocateVotes") return endpoint.publish("votes", message, digest);
    const lies = [
      { source: link.source, target: { ...random.pick(seen), round: link.target.round } },
      { source: random.pick(seen), target: link.target },
      {
        source: random.pick(seen),
        target: { ...random.pick(seen), round: link.target.round + random.below(3) },
      },
    ];
    const first = new Set(some());
    const lie = random.pick(lies);
    const signature = await signer.sign(voteSigningRoot(lie, genesis.id));
    const other = SignedFinalityVoteType.serialize({ message: lie, voter, signature });
    for (const peer of peers()) {
      if (first.has(peer) || random.chance(0.3)) endpoint.publishTo(peer, "votes", message);
      if (!first.has(peer) || random.chance(0.3)) endpoint.publishTo(peer, "votes", other);
    }
    return 1;
  }

  async function publish(topic: TopicName, message: Uint8Array, digest: Uint8Array): Promise<number> {
    if (kind === "withhold" && topic !== "transactions" && random.chance(0.5)) {
      const delayMs = random.chance(0.3) ? undefined : random.between(100, 8_000);
      if (delayMs !== undefined) timeline.after(delayMs, () => void endpoint.publish(topic, message, digest));
      return 0;
    }
    if (topic === "blocks") return publishBlock(message, digest);
    if (topic === "votes") return publishVote(message, digest);
    return endpoint.publish(topic, message, digest);
  }

  /** Ignores its own lies and those of its twins when they come back to it. */
  const deaf = (validator: (message: Uint8Array, from: string) => Promise<Verdict>) => {
    return async (message: Uint8Array, from: string): Promise<Verdict> => {
      let vote: SignedFinalityVote | undefined;
      try {
        vote = SignedFinalityVoteType.deserialize(message);
      } catch {
        return "reject";
      }
      return equalBytes(vote.voter, signer.publicKey) ? "accept" : validator(message, from);
    };
  };

  return {
    peerId: endpoint.peerId,
    addresses: () => [],
    peers: () => endpoint.peers(),
    hostOf: (peer) => endpoint.hostOf(peer),
    on: (name, listener) => endpoint.on(name, listener),
    serve: (protocol, handler) => endpoint.serve(protocol, handler),
    request: (peer, protocol, request, requestOptions) =>
      endpoint.request(peer, protocol, request, requestOptions),
    join: (id, validators) => endpoint.join(id, { ...validators, votes: deaf(validators.votes) }),
    listen: (digests) => endpoint.listen(digests),
    publish,
    penalize: (peer, offence, detail) => endpoint.penalize(peer, offence, detail),
    disconnect: (peer, disconnectOptions) => endpoint.disconnect(peer, disconnectOptions),
  };
}
