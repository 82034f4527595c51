import type { TopicName } from "../../protocols/index.ts";
import type { PeerId } from "../../src/network/types.ts";
import type { Hex } from "../../src/util/bytes.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** A message on a topic of a chain. */
export interface GossipMessage {
  digest: Hex;
  topic: TopicName;
  message: Uint8Array;
}

export interface NetworkConditions {
  /** The least delay in one direction. */
  leastDelayMs: number;
  mostDelayMs: number;
  /** The share of gossip messages that are lost. */
  lossShare: number;
  duplicateShare: number;
  /** The share of messages that take `slowMs` longer. */
  slowShare: number;
  slowMs: number;
}

/** A connection between two endpoints, shared by both. */
interface Connection {
  open: boolean;
  /** True while the connection is being opened or closed. */
  changing: boolean;
}

/** Connections between nodes, and their delays. */
export class SimNetwork {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly endpoints = new Map<PeerId, Endpoint>();
  readonly #connections = new Map<string, Connection>();
  conditions: NetworkConditions;
  /** True if `self` sees its connection with `other` as its own choice. */
  hasDialled: (self: PeerId, other: PeerId) => boolean = () => true;
  addressOf: (peer: PeerId) => string = (peer) => peer;
  /** True if the cable between two peers exists at all. */
  #wired: (a: PeerId, b: PeerId) => boolean = () => true;
  #cut: (a: PeerId, b: PeerId) => boolean = () => false;

  constructor(timeline: Timeline, random: Random, conditions: NetworkConditions) {
    this.timeline = timeline;
    this.random = random;
    this.conditions = conditions;
  }

  wire(wired: (a: PeerId, b: PeerId) => boolean): void {
    this.#wired = wired;
    this.update();
  }

  /** Drops everything between these peers from now on; their connections break after a while. */
  partition(cut: (a: PeerId, b: PeerId) => boolean): void {
    this.#cut = cut;
    this.update();
  }

  add(endpoint: Endpoint): void {
    this.endpoints.set(endpoint.peerId, endpoint);
    this.update();
  }

  /** Removes a process, whose connections break. */
  remove(endpoint: Endpoint): void {
    this.endpoints.delete(endpoint.peerId);
    for (const other of this.endpoints.values()) {
      const connection = this.#connection(endpoint.peerId, other.peerId);
      if (!connection.open) continue;
      connection.open = false;
      this.timeline.after(this.random.between(0, 20), () => {
        if (!connection.open) other.onDisconnected(endpoint.peerId);
      });
    }
  }

  /** True if the two have a connection, even if nothing passes. */
  connected(a: PeerId, b: PeerId): boolean {
    return this.#connections.get(pairOf(a, b))?.open ?? false;
  }

  peersOf(peer: PeerId): PeerId[] {
    return [...this.endpoints.keys()].filter((other) => other !== peer && this.connected(peer, other));
  }

  passes(from: PeerId, to: PeerId): boolean {
    return this.connected(from, to) && !this.#cut(from, to);
  }

  delayMs(): number {
    const { leastDelayMs, mostDelayMs, slowShare, slowMs } = this.conditions;
    const slow = this.random.chance(slowShare) ? this.random.between(0, slowMs) : 0;
    return this.random.between(leastDelayMs, mostDelayMs) + slow;
  }

  /** Sends a gossip message over one connection. */
  send(from: PeerId, to: PeerId, sent: GossipMessage, id: string): void {
    if (!this.passes(from, to) || this.endpoints.get(to)?.hasSeen(id)) return;
    const { lossShare, duplicateShare } = this.conditions;
    if (lossShare > 0 && this.random.chance(lossShare)) return;
    const copies = duplicateShare > 0 && this.random.chance(duplicateShare) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.timeline.after(this.delayMs(), () => {
        if (this.passes(from, to)) this.endpoints.get(to)?.receive(sent, id, from);
      });
    }
  }

  /** Sends a part of a request or an answer, which TCP delivers late, or never while the two are apart. */
  transmit(from: PeerId, to: PeerId, arrive: (target: Endpoint) => void, notBeforeMs = 0): number {
    const target = this.endpoints.get(to);
    const arrivalMs = Math.max(this.timeline.nowMs + this.delayMs(), notBeforeMs);
    if (!target || !this.passes(from, to)) return arrivalMs;
    this.timeline.at(arrivalMs, () => {
      if (this.endpoints.get(to) === target && this.passes(from, to)) arrive(target);
    });
    return arrivalMs;
  }

  close(a: PeerId, b: PeerId): void {
    const connection = this.#connection(a, b);
    if (!connection.open) return;
    connection.open = false;
    this.endpoints.get(a)?.onDisconnected(b);
    this.timeline.after(this.delayMs(), () => {
      if (!connection.open) this.endpoints.get(b)?.onDisconnected(a);
    });
    this.update();
  }

  /** Opens and closes connections, each with a delay, until they match the wiring. */
  update(): void {
    const peers = [...this.endpoints.keys()];
    for (const [index, a] of peers.entries()) for (const b of peers.slice(index + 1)) this.#settle(a, b);
  }

  #settle(a: PeerId, b: PeerId): void {
    const connection = this.#connection(a, b);
    if (connection.changing || connection.open === this.#wanted(a, b)) return;
    connection.changing = true;
    const delayMs = connection.open ? this.random.between(500, 12_000) : this.random.between(20, 2_000);
    this.timeline.after(delayMs, () => {
      connection.changing = false;
      const wanted = this.#wanted(a, b);
      if (wanted === connection.open) return;
      if (!this.endpoints.has(a) || !this.endpoints.has(b)) return;
      connection.open = wanted;
      for (const [self, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const endpoint = this.endpoints.get(self);
        if (wanted) endpoint?.onConnected(other);
        else endpoint?.onDisconnected(other);
      }
      this.#settle(a, b);
    });
  }

  #wanted(a: PeerId, b: PeerId): boolean {
    const [first, second] = [this.endpoints.get(a), this.endpoints.get(b)];
    if (!first || !second || !this.#wired(a, b) || this.#cut(a, b) || this.#cut(b, a)) return false;
    return !first.scores.blocked(b) && !second.scores.blocked(a);
  }

  #connection(a: PeerId, b: PeerId): Connection {
    const pair = pairOf(a, b);
    let connection = this.#connections.get(pair);
    if (!connection) {
      connection = { open: false, changing: false };
      this.#connections.set(pair, connection);
    }
    return connection;
  }
}

function pairOf(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
