import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  StrictNoSign,
  TopicValidatorResult,
} from "@libp2p/gossipsub";
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { maxGossipBytes, RateLimiter, type TopicName, topic, topicNames } from "../../protocols/index.ts";
import { sha256 } from "../crypto/hash.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";
import { decodeRpcLimits } from "./gossip-guard.ts";
import type { Intake } from "./intake.ts";
import { internalsOf } from "./libp2p-internals.ts";
import type { PeerScores } from "./scores.ts";
import type { Network, NetworkObserver, PeerId, Verdict } from "./types.ts";
import type { Usefulness } from "./usefulness.ts";

/** One message, and what goes with it. gossipsub puts all requested messages into one RPC: two large messages fit. */
const maxRpcBytes = 2 * maxGossipBytes;
/** Entries of 1 KiB plus the topic's name. A node has four topics for each of at most four digests. */
const maxTopicBytesPerPeer = 20 * 1024;

/**
 * Rejects cost score only if the topic has parameters. The weights are small: the node's own scores decide about bans,
 * and gossipsub receives them as the application's score. Delivery rates are not judged, because chains may be quiet
 * for minutes.
 */
const topicScoreParams = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 20,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 60_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.99,
};

/**
 * The time for which gossipsub keeps its counters of a peer that left. The node's own scores last longer, and are
 * bounded in number.
 */
const retainScoreMs = 60_000;

/**
 * Messages of one peer that turn out to be useless. Those above the quota are dropped unread, each for a small penalty,
 * because checking one costs more than sending it. Honest nodes forward what they find useful, and the same bytes only
 * once.
 */
export const uselessQuota = { requests: 2_000, perMs: 10_000 };

/**
 * A large message is forwarded this long after its arrival at the earliest. By then the other peers have said that they
 * have it (IDONTWANT), and it need not be sent. Without this, each of four nodes receives it three times, whoever
 * published it.
 */
export const forwardAfterMs = 5;
const largeBytes = 1024;

/**
 * Units of `Intake` for a useless message, in addition to its bytes: it was looked up and decoded, and gossipsub
 * remembers it for two minutes. Many ids, each below its own quota, therefore share what their address has.
 */
export const unitsOfUseless = 15;

export function messageId(topicName: string, data: Uint8Array): Uint8Array {
  return sha256(new TextEncoder().encode(topicName), data);
}

/** The gossipsub service. Topics follow with the genesis block (`Gossip.join`). */
export function gossipService(
  appSpecificScore: (peer: PeerId) => number,
): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => messageId(message.topic, message.data),
    fallbackToFloodsub: false,
    floodPublish: true,
    batchPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    decodeRpcLimits,
    maxInboundDataLength: maxRpcBytes,
    maxOutboundBufferSize: 8 * maxRpcBytes,
    maxTopicBytesPerPeer,
    scoreParams: {
      topics: {},
      appSpecificScore,
      appSpecificWeight: 1,
      // Ids that only pass through count for the address, too, and would lower the score of honest peers behind the
      // same router. `Inbound` and `MeshShares` have a share for each address.
      IPColocationFactorWeight: 0,
      behaviourPenaltyWeight: -1,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
      retainScore: retainScoreMs,
    },
    scoreThresholds: {
      gossipThreshold: -40,
      publishThreshold: -80,
      graylistThreshold: -200,
      // No score is as high: gossipsub itself would dial any address that a PRUNE of a peer with score 10 names, and
      // five minutes of good behaviour are enough for that score.
      acceptPXThreshold: Number.MAX_SAFE_INTEGER,
    },
  });
}

const names = Object.keys(topicNames) as TopicName[];

/** The chain that `Network.join` joins. */
export type JoinedChain = Parameters<Network["join"]>[0];

export type Validators = Record<TopicName, (message: Uint8Array, from: PeerId) => Promise<Verdict>>;

const results: Record<Verdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  pardon: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

interface GossipOptions {
  pubsub: GossipSub;
  scores: PeerScores;
  usefulness: Usefulness;
  intake: Pick<Intake, "chargePeer">;
  clock: Clock;
  logger: Logger;
  observer?: NetworkObserver | undefined;
}

/** The topics of one chain. */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #useless: RateLimiter;
  #genesisId: Uint8Array | undefined;
  readonly #listened = new Set<string>();
  #stopped = false;

  constructor(options: GossipOptions) {
    this.#options = options;
    this.#useless = new RateLimiter(options.clock);
  }

  /** Joins the chain's topics. Call it once, when the node is started. */
  join({ genesisId, digests }: JoinedChain, validators: Validators): void {
    if (this.#genesisId) throw new Error("gossip has been joined before");
    this.#genesisId = genesisId;
    const internals = internalsOf(this.#options.pubsub);
    const allowed = new Set<string>();
    for (const digest of digests) {
      for (const name of names) {
        const id = topic(name, genesisId, digest);
        allowed.add(id);
        internals.opts.scoreParams.topics[id] = { ...topicScoreParams };
        // Topics that are not listened to get a validator too: gossipsub accepts every message of a topic that has
        // none.
        this.#options.pubsub.topicValidators.set(id, (from, message) =>
          this.#validate(name, validators[name], from, message),
        );
      }
    }
    // The topics are not allowed from the start: subscriptions are sent once, and those that arrive before the genesis
    // block is known would be lost. All digests are allowed at once for the same reason: a peer may subscribe to the
    // next one long before this node does.
    internals.allowedTopics = allowed;
  }

  /** Messages of a digest that was not joined are never accepted. */
  listen(digests: readonly Uint8Array[]): void {
    const genesisId = this.#genesisId;
    if (!genesisId) throw new Error("gossip has not been joined");
    const wanted = new Set(digests.flatMap((digest) => names.map((name) => topic(name, genesisId, digest))));
    for (const id of wanted) {
      if (this.#listened.has(id)) continue;
      if (!this.#options.pubsub.topicValidators.has(id)) throw new Error(`the topic ${id} was not joined`);
      this.#listened.add(id);
      this.#options.pubsub.subscribe(id);
    }
    for (const id of this.#listened) {
      if (wanted.has(id)) continue;
      this.#listened.delete(id);
      this.#options.pubsub.unsubscribe(id);
    }
  }

  /** Ignores messages from now on, because everything that could check them is being closed. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Resolves to the number of peers that it was sent to. @throws {RangeError} above `maxGossipBytes`, which no peer
   * would accept.
   */
  async publish(name: TopicName, data: Uint8Array, digest: Uint8Array): Promise<number> {
    if (data.length > maxGossipBytes)
      throw new RangeError(`a gossip message has at most ${maxGossipBytes} bytes`);
    if (!this.#genesisId) return 0;
    this.#options.observer?.published(name, data.length);
    const { recipients } = await this.#options.pubsub.publish(topic(name, this.#genesisId, digest), data);
    return recipients.length;
  }

  async #validate(
    name: TopicName,
    validator: Validators[TopicName],
    from: Libp2pPeerId,
    message: Message,
  ): Promise<TopicValidatorResult> {
    const peer = from.toString();
    if (this.#stopped) return results.ignore;
    if (!this.#listened.has(message.topic)) {
      if (!this.#takeUseless(peer)) this.#options.scores.penalize(peer, "rateLimited", name);
      return results.ignore;
    }
    const ended = this.#options.observer?.received(name, message.data.length);
    if (this.#useless.delayMs(peer, uselessQuota) > 0) {
      this.#options.scores.penalize(peer, "rateLimited", name);
      ended?.("ignore");
      return results.ignore;
    }
    const receivedAtMs = this.#options.clock.now();
    let verdict: Verdict;
    try {
      // A plain array over the same bytes: the transport returns a Buffer.
      const data = new Uint8Array(message.data.buffer, message.data.byteOffset, message.data.byteLength);
      verdict = data.length > maxGossipBytes ? "reject" : await validator(data, peer);
    } catch (error) {
      // A message that was being checked when the node stopped may miss its database.
      const level = this.#stopped ? "debug" : "error";
      this.#options.logger[level]({ topic: name, error: messageOf(error) }, "a gossip validator failed");
      verdict = "ignore";
    }
    ended?.(verdict);
    if (verdict === "ignore") this.#takeUseless(peer);
    if (verdict === "accept" && name !== "transactions") this.#options.usefulness.add(peer);
    if (verdict === "reject") this.#options.scores.penalize(peer, "invalidMessage", name);
    if (verdict === "accept" && message.data.length >= largeBytes) await this.#awaitOthers(receivedAtMs);
    return results[verdict];
  }

  /** Other peers say meanwhile that they have the message, too. */
  async #awaitOthers(receivedAtMs: number): Promise<void> {
    const heldMs = Math.max(0, this.#options.clock.now() - receivedAtMs);
    if (heldMs < forwardAfterMs) await sleep(this.#options.clock, forwardAfterMs - heldMs);
    // While a block is imported, timers end before that which has arrived since is read.
    await systemPause();
  }

  /** Charges a useless message; returns false if the peer has sent too many. */
  #takeUseless(peer: PeerId): boolean {
    this.#options.intake.chargePeer(peer, unitsOfUseless);
    return this.#useless.take(peer, uselessQuota);
  }
}
