import { chainDigest, type TopicName } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Network } from "../network/types.ts";
import type { FinalityVote } from "../types/index.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { OwnLine } from "./claimed-status.ts";

/** Versions that are listened to at once. There can be more only if several were enacted and none of them is final. */
export const maxListened = 4;

export interface TopicsOptions {
  network: Pick<Network, "join" | "listen" | "publish">;
  chain: Pick<Chain, "genesis" | "finalized" | "snapshot" | "rules" | "tree" | "events">;
  line: Pick<OwnLine, "recoveries">;
  logger: Logger;
}

/**
 * The gossip of a chain whose rules change. A block is sent on the topic of the rules by which it is made, those after
 * its parent; a vote on that of its target; everything else on that of the next block.
 *
 * A node listens to the topics of every version under which a block may still arrive. The lowest is the one after its
 * final block, below which nothing is accepted. The highest is one above the version at its head: the next blocks may
 * enact it, and others may have reached it already.
 */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #digests: readonly Uint8Array[];
  #listened: readonly number[] = [];
  #finalRules = 0;
  #stops: (() => void)[] = [];

  constructor(options: TopicsOptions) {
    const { rules } = options.chain;
    this.#options = options;
    this.#digests = Array.from({ length: rules.newest }, (_, index) => this.#digestOf(index + 1));
  }

  /** Call this once. Nothing is published before. */
  async join(validators: Parameters<Network["join"]>[1]): Promise<void> {
    const { chain, network } = this.#options;
    network.join({ genesisId: chain.genesis.id, digests: this.#digests }, validators);
    this.#stops = [
      chain.events.on("head", () => this.#listen()),
      chain.events.on("finality", () => this.#onFinality()),
    ];
    await this.#onFinality();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** Publishes on the topic of the rules for the next block. Resolves to 0 if this node does not know these rules. */
  publish(name: TopicName, message: Uint8Array): Promise<number> {
    return this.#publish(name, message, this.#options.chain.snapshot.parameters.rules);
  }

  /** Publishes on the topic of the rules by which a block is made. `parent` is its parent, which is here. */
  async publishBlock(message: Uint8Array, parent: Uint8Array): Promise<number> {
    const { parameters } = await this.#options.chain.tree.snapshotAfter(parent);
    return this.#publish("blocks", message, parameters.rules);
  }

  /** Publishes a vote whose target is here. */
  async publishVote(message: Uint8Array, { target }: FinalityVote): Promise<number> {
    const { tree } = this.#options.chain;
    const { header } = await tree.require(target.block);
    const { parameters } = await tree.snapshotAfter(header.message.parent);
    return this.#publish("votes", message, parameters.rules);
  }

  async #publish(name: TopicName, message: Uint8Array, rules: number): Promise<number> {
    const digest = this.#digests[rules - 1];
    return digest ? this.#options.network.publish(name, message, digest) : 0;
  }

  #digestOf(rules: number): Uint8Array {
    const { chain, line } = this.#options;
    return chainDigest({ genesisId: chain.genesis.id, recoveries: [...line.recoveries], rules });
  }

  /** Never rejects. */
  async #onFinality(): Promise<void> {
    const { chain, logger } = this.#options;
    if (this.#finalRules === chain.snapshot.parameters.rules) return;
    try {
      this.#finalRules = (await chain.tree.snapshotAfter(chain.finalized.id)).parameters.rules;
      this.#listen();
    } catch (error) {
      // This happens after a stop, which closes the database; otherwise the next final block tries again.
      logger.debug({ error: messageOf(error) }, "could not look up the rules of the final block");
    }
  }

  #listen(): void {
    const { chain, network, logger } = this.#options;
    const newest = Math.min(chain.snapshot.parameters.rules + 1, this.#digests.length);
    const versions: number[] = [];
    for (let rules = newest; rules >= this.#finalRules && versions.length < maxListened; rules--)
      versions.unshift(rules);
    if (versions.join() === this.#listened.join()) return;
    logger.debug({ rules: versions }, "listening to the gossip of these versions of the rules");
    this.#listened = versions;
    network.listen(versions.map((rules) => this.#digests[rules - 1]!));
  }
}
