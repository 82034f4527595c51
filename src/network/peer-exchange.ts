import {
  maxPeersPerRequest,
  maxRecordBytes,
  peers,
  RequestError,
  type ToldPeer,
} from "../../protocols/index.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { type Place, placeOf } from "./address.ts";
import { diverseSample } from "./diversity.ts";
import { openRecord, type SignedRecord } from "./signed-record.ts";
import { maxAddresses, mayKnow, type Teller } from "./told.ts";
import type { Network, PeerId, PeerInfo } from "./types.ts";

export const exchangeLimits = {
  /** Peers are told of once they have stayed for 10 s, so a node that all have just joined has news for a while. */
  everyMs: 5_000,
  /** Peers asked at once. */
  atOnce: 2,
  /** After this many questions the time to the next one doubles, up to a minute. */
  often: 4,
  rarelyMs: 60_000,
};
/** Numbers of records that were seen; an older record of the same peer is not used. */
const maxNewest = 1_024;

export interface PeerExchangeOptions {
  network: Pick<Network, "peerId" | "peers" | "serve" | "request" | "penalize">;
  clock: Clock;
  logger: Logger;
  random: () => number;
  /** True if the peer follows this node's chain. */
  isFollowed(peer: PeerId): boolean;
  /** The record of a connected peer. */
  recordOf(peer: PeerId): SignedRecord | undefined;
  /** Addresses at which the peer once stayed connected. */
  workedOf(peer: PeerId): readonly string[];
  /** True while the node wants more connections of its own choice. */
  wantsMore(): boolean;
  found(peer: PeerId, addresses: readonly string[], teller: Teller): void;
}

/**
 * Tells peers of others and asks them, so that nodes find each other without multicast and without the node that all of
 * them began with. A node tells only of peers that it is connected with, at addresses that worked for it, and believes
 * only what a peer has signed itself; it asks only while it wants more connections.
 */
export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  readonly #asked = new Map<PeerId, { count: number; atMs: number }>();
  readonly #newest = new LruMap<PeerId, bigint>(maxNewest);
  #stop: () => void = () => undefined;

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
  }

  start(): void {
    const { network, clock } = this.#options;
    network.serve(peers, ({ limit }, { peer }) => this.#answer(peer, limit));
    this.#wait(clock);
  }

  stop(): void {
    this.#stop();
  }

  /** Nodes that have started together do not all ask, and then dial, at once. */
  #wait(clock: Clock): void {
    const { everyMs } = exchangeLimits;
    this.#stop = clock.after(everyMs * (0.75 + 0.5 * this.#options.random()), () => {
      this.#wait(clock);
      this.#askSome();
    });
  }

  async *#answer(asker: PeerId, limit: number): AsyncIterable<ToldPeer> {
    if (limit < 1 || limit > maxPeersPerRequest)
      throw new RequestError("invalidRequest", `limit is 1 to ${maxPeersPerRequest}`);
    const { network, random } = this.#options;
    const infos = network.peers();
    const asking = infos.find(({ id }) => id === asker);
    const from = asking && placeOf(asking.address);
    if (!from) return;
    const known = infos.flatMap((info) => (info.id === asker ? [] : (this.#tellable(info, from) ?? [])));
    for (const { told } of diverseSample(known, limit, random)) yield told;
  }

  /** A peer in the form in which a requester at `from` may be told of it; undefined if it may not. */
  #tellable({ id, score }: PeerInfo, from: Place): (Place & { told: ToldPeer }) | undefined {
    const { isFollowed, recordOf, workedOf } = this.#options;
    const record = recordOf(id);
    if (!record || record.envelope.length > maxRecordBytes || score < 0 || !isFollowed(id)) return undefined;
    const worked = workedOf(id);
    const reachable = record.addresses.flatMap((address, position) => {
      const place = worked.includes(address) ? placeOf(address) : undefined;
      return place && mayKnow(from, place) ? [{ place, position }] : [];
    });
    if (reachable.length === 0) return undefined;
    const addresses = reachable.slice(0, maxAddresses).map(({ position }) => position);
    return { ...reachable[0]!.place, told: { record: record.envelope, addresses } };
  }

  /** Asks peers of the node's own choice; those that connected by themselves only if there are no others. */
  #askSome(): void {
    const { network, clock, isFollowed, wantsMore } = this.#options;
    const infos = network.peers();
    const connected = new Set(infos.map(({ id }) => id));
    for (const id of this.#asked.keys()) if (!connected.has(id)) this.#asked.delete(id);
    if (!wantsMore()) return;
    const followed = infos.filter(({ id }) => isFollowed(id));
    const dialled = followed.filter(({ direction }) => direction === "outbound");
    const now = clock.now();
    const due = (dialled.length > 0 ? dialled : followed)
      .map((info) => ({ info, asked: this.#asked.get(info.id) ?? { count: 0, atMs: -Infinity } }))
      // A clock that was set back must not keep the node from asking, nor a timer that is early by a millisecond.
      .filter(({ asked }) => Math.abs(now - asked.atMs) > gapMs(asked.count) - exchangeLimits.everyMs / 2)
      .sort((a, b) => a.asked.atMs - b.asked.atMs);
    for (const { info, asked } of due.slice(0, exchangeLimits.atOnce)) {
      this.#asked.set(info.id, { count: asked.count + 1, atMs: now });
      inBackground(this.#ask(info));
    }
  }

  /** Never rejects. */
  async #ask({ id, address }: PeerInfo): Promise<void> {
    const { network, logger } = this.#options;
    const place = placeOf(address);
    if (!place) return;
    const told = new Set<PeerId>();
    try {
      for await (const chunk of network.request(id, peers, { limit: maxPeersPerRequest })) {
        const fault = await this.#take(chunk, { by: "exchange", place }, told);
        if (fault === undefined) continue;
        // The rest is not read.
        network.penalize(id, "invalidResponse", `${peers.id}: ${fault}`);
        return;
      }
    } catch (error) {
      logger.debug({ peer: id, error: messageOf(error) }, "the peer did not tell of others");
    }
  }

  /** Returns what is wrong with the chunk. */
  async #take(chunk: ToldPeer, teller: Teller, told: Set<PeerId>): Promise<string | undefined> {
    const record = await openRecord(chunk.record).catch(messageOf);
    if (typeof record === "string") return record;
    const { id, seq, addresses } = record;
    if (told.has(id)) return "a peer twice";
    told.add(id);
    const positions = chunk.addresses;
    const isOrdered = positions.every((position, index) => index === 0 || position > positions[index - 1]!);
    if (positions.length === 0 || !isOrdered || positions.at(-1)! >= addresses.length)
      return "positions that the record does not have";
    if (seq < (this.#newest.get(id) ?? 0n) || seq < (this.#options.recordOf(id)?.seq ?? 0n)) return undefined;
    this.#newest.set(id, seq);
    this.#options.found(
      id,
      positions.map((position) => addresses[position]!),
      teller,
    );
    return undefined;
  }
}

/** The time from one question to a peer to the next. */
function gapMs(count: number): number {
  const { everyMs, often, rarelyMs } = exchangeLimits;
  return Math.min(rarelyMs, everyMs * 2 ** Math.max(0, count - often));
}
