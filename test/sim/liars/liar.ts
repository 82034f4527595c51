import {
  type AnyProtocol,
  type ChainStatus,
  height,
  RequestError,
  type RequestHandler,
  type RequestOf,
  type TopicName,
} from "../../../protocols/index.ts";
import type { PeerId } from "../../../src/network/types.ts";
import { sleep } from "../../../src/util/clock.ts";
import { firstDigest } from "../../own-line.ts";
import { Endpoint } from "../endpoint.ts";
import type { SimNetwork } from "../network.ts";
import type { Random } from "../random.ts";
import { NodeClock, type Timeline } from "../timeline.ts";
import type { Trace } from "../trace.ts";
import type { Knowledge } from "./knowledge.ts";
import { served } from "./served.ts";

export interface LiarOptions {
  id: PeerId;
  network: SimNetwork;
  timeline: Timeline;
  random: Random;
  trace: Trace;
  knowledge: Knowledge;
}

/** Called when gossip reaches a liar. */
export type GossipListener = (topic: TopicName, message: Uint8Array, from: PeerId) => void;

/** A peer that speaks every protocol, tells the truth and forwards nothing, unless a behaviour changes that. */
export class Liar {
  readonly id: PeerId;
  readonly endpoint: Endpoint;
  readonly random: Random;
  readonly knowledge: Knowledge;
  readonly clock: NodeClock;
  readonly #options: LiarOptions;
  readonly #handlers = new Map<string, RequestHandler<AnyProtocol>>();
  readonly #listeners: GossipListener[] = [];
  #alive = true;

  constructor(options: LiarOptions) {
    const { id, network, timeline, random, trace, knowledge } = options;
    this.#options = options;
    this.id = id;
    this.random = random;
    this.knowledge = knowledge;
    const exact = { offsetMs: 0, drift: 0, jitterMs: 1 };
    this.clock = new NodeClock(timeline, random.fork("clock"), exact, () => this.#alive);
    this.endpoint = new Endpoint({
      network,
      peerId: id,
      clock: this.clock,
      logger: trace.logger(id),
      onPenalty: () => undefined,
      onPublish: () => undefined,
      onVotes: () => undefined,
    });
    for (const protocol of served) this.#serveTruth(protocol);
    const hear = (topic: TopicName) => async (message: Uint8Array, from: PeerId) => {
      if (knowledge.isLie(message)) return "ignore" as const;
      knowledge.hear(topic, message);
      for (const listener of this.#listeners) listener(topic, message, from);
      return "ignore" as const;
    };
    const { id: genesisId } = knowledge.genesis;
    const digests = [firstDigest(genesisId)];
    const chain = { genesisId, digests };
    this.endpoint.join(chain, {
      blocks: hear("blocks"),
      transactions: hear("transactions"),
      votes: hear("votes"),
      evidence: hear("evidence"),
    });
    this.endpoint.listen(digests);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** True if an honest node has banned it. */
  get isBanned(): boolean {
    const { endpoints } = this.#options.network;
    return [...endpoints.values()].some(({ scores }) => scores.blocked(this.id));
  }

  connect(): void {
    this.#options.network.add(this.endpoint);
  }

  leave(): void {
    this.#alive = false;
    this.endpoint.kill();
  }

  /** Returns the connected peers; liars do not connect to each other. */
  victims(): PeerId[] {
    return this.#options.network.peersOf(this.id);
  }

  /** Returns a random connected peer; undefined if there is none. */
  victim(): PeerId | undefined {
    const victims = this.victims();
    return victims.length > 0 ? this.random.pick(victims) : undefined;
  }

  /** Returns each connected peer with the same probability. */
  some(share = 0.5): PeerId[] {
    return this.victims().filter(() => this.random.chance(share));
  }

  /** Replaces the handler of a protocol; `before` is the previous handler. */
  answer<P extends AnyProtocol>(protocol: P, make: (before: RequestHandler<P>) => RequestHandler<P>): void {
    this.#handlers.set(protocol.id, make(this.#handlers.get(protocol.id)!) as RequestHandler<AnyProtocol>);
  }

  /** Changes every status that it sends. */
  claim(lie: (truth: ChainStatus) => ChainStatus): void {
    this.answer(
      height,
      (before) =>
        async function* (request, context) {
          for await (const truth of before(request, context)) yield lie(truth);
        },
    );
  }

  /** Resolves to its status with all lies; undefined while no honest node runs. */
  async status(): Promise<ChainStatus | undefined> {
    const context = {
      peer: this.id,
      read: async () => undefined,
      signal: new AbortController().signal,
      onAck: () => undefined,
    };
    try {
      for await (const status of this.#handlers.get(height.id)!({ timeMs: 0 }, context)) return status;
    } catch {
      // No honest node runs.
    }
    return undefined;
  }

  /** Repeats an action about every `meanMs` milliseconds until it leaves. */
  every(meanMs: number, action: () => void | Promise<void>): void {
    const again = () => {
      this.clock.after(this.random.between(0.5, 1.5) * meanMs, () => {
        again();
        void (async () => action())().catch(() => undefined);
      });
    };
    again();
  }

  sleep(delayMs: number): Promise<void> {
    return sleep(this.clock, delayMs);
  }

  onGossip(listener: GossipListener): void {
    this.#listeners.push(listener);
  }

  tell(peer: PeerId, topic: TopicName, message: Uint8Array): void {
    if (!this.#alive) return;
    this.knowledge.tell(message);
    this.endpoint.publishTo(peer, topic, message);
  }

  /** Sends a request and discards the whole answer or any error. */
  async ask<P extends AnyProtocol>(
    peer: PeerId,
    protocol: P,
    request: RequestOf<P>,
    ack?: () => ChainStatus,
  ): Promise<void> {
    try {
      const options = ack && { ack };
      for await (const _ of this.endpoint.request(peer, protocol, request, options as never));
    } catch {
      // The liar needs no answer.
    }
  }

  /** Answers like the honest node with the best chain at this moment. */
  #serveTruth(protocol: AnyProtocol): void {
    const { network } = this.#options;
    this.#handlers.set(protocol.id, async function* (request, context) {
      const model = knowledge.model();
      const handler = model && network.endpoints.get(model.name)?.requests.handlerOf(protocol);
      if (!handler) throw new RequestError("resourceUnavailable", "nothing is known");
      // The model must not take the requester's acknowledgement for one to itself.
      yield* handler(request, { ...context, onAck: () => undefined });
    });
    const { knowledge } = this;
    const handlers = this.#handlers;
    this.endpoint.serve(protocol, (request, context) => handlers.get(protocol.id)!(request, context));
  }
}
