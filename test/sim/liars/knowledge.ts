import type { TopicName } from "../../../protocols/index.ts";
import type { Signer } from "../../../src/accounts/signer.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import type { Genesis } from "../../../src/chain/genesis.ts";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import {
  applyHeader,
  authorityIndex,
  hasSignedRecently,
  requiredDifficulty,
} from "../../../src/consensus/index.ts";
import {
  type EncodedBlock,
  Header,
  noVote,
  rootOf,
  type SignedHeader,
  transactionsRoot,
} from "../../../src/types/index.ts";
import { equalBytes, type Hex, toBinary, toHex } from "../../../src/util/bytes.ts";
import { signHeader } from "../../sign-header.ts";
import { accountsOf } from "../accounts.ts";
import type { SimNode } from "../node.ts";
import type { Random } from "../random.ts";
import { epochMs, type Timeline } from "../timeline.ts";

/** Number of gossip messages that are kept for later. */
const maxHeard = 200;
/** Number of its own headers for which a coalition still serves blocks. */
const maxForged = 200;

export interface Heard {
  topic: TopicName;
  message: Uint8Array;
}

export interface ForgedBlock extends WeightedHeader {
  body: Uint8Array;
}

export interface KnowledgeOptions {
  genesis: Genesis;
  timeline: Timeline;
  random: Random;
  nodes: readonly SimNode[];
  /** The keys of authorities, fewer than a third of the set; none for strangers. */
  keys: readonly Signer[];
}

/** Shared knowledge of all liars of a run: the honest chain at any time, all gossip, and their own signatures. */
export class Knowledge {
  readonly genesis: Genesis;
  readonly keys: readonly Signer[];
  readonly heard: Heard[] = [];
  readonly forged = new Map<Hex, ForgedBlock>();
  /** The messages that liars heard from others first, and those that they made. */
  readonly #truths = new Set<string>();
  readonly #lies = new Set<string>();
  readonly #options: KnowledgeOptions;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
    this.genesis = options.genesis;
    this.keys = options.keys;
  }

  get nowMs(): number {
    return Math.floor(epochMs + this.#options.timeline.nowMs);
  }

  /** Returns the running honest node with the highest head, whose answers are the truth that lies start from. */
  model(): SimNode | undefined {
    const running = this.#options.nodes.filter(({ faulty, services }) => !faulty && services);
    running.sort((a, b) => b.services!.chain.head.height - a.services!.chain.head.height);
    return running[0];
  }

  get chain(): Chain | undefined {
    return this.model()?.services?.chain;
  }

  tell(message: Uint8Array): void {
    const text = toBinary(message);
    if (!this.#truths.has(text)) this.#lies.add(text);
  }

  /** True if a liar made the message. Liars that vary each other's lies would never come to an end. */
  isLie(message: Uint8Array): boolean {
    return this.#lies.has(toBinary(message));
  }

  hear(topic: TopicName, message: Uint8Array): void {
    this.#truths.add(toBinary(message));
    this.heard.push({ topic, message });
    if (this.heard.length > maxHeard) this.heard.shift();
  }

  /**
   * Signs a header on a block of the honest chain that passes every check of headers; undefined if the signer may not
   * sign there. `valid`: its empty body and its state root are correct too, if the parent is the head.
   */
  async forge(
    signer: Signer,
    parent: WeightedHeader,
    { valid = false, delayMs = 0 }: { valid?: boolean; delayMs?: number } = {},
  ): Promise<ForgedBlock | undefined> {
    const { random } = this.#options;
    const { chain, genesis } = this;
    if (!chain) return undefined;
    const snapshot = await chain.tree.snapshotAfter(parent.id);
    const height = parent.height + 1;
    const isMember = authorityIndex(snapshot.authorities, signer.publicKey) >= 0;
    if (!isMember || hasSignedRecently(snapshot, height, signer.publicKey)) return undefined;
    const { periodMs } = snapshot.parameters;
    const message: Header = {
      height,
      parent: parent.id,
      timestamp: Math.max(parent.header.message.timestamp + periodMs, this.nowMs) + delayMs,
      proposer: signer.publicKey,
      difficulty: requiredDifficulty(snapshot, height, signer.publicKey),
      vote: noVote,
      transactionsRoot: random.bytes(32),
      stateRoot: random.bytes(32),
    };
    if (valid && equalBytes(parent.id, chain.head.id)) {
      const after = applyHeader(snapshot, message, genesis.config);
      message.transactionsRoot = transactionsRoot([]);
      message.stateRoot = accountsOf(chain.state, {
        address: signer.publicKey,
        amount: snapshot.parameters.blockReward,
      }).stateRoot(after);
    }
    return this.#keep(await signHeader(signer, message, genesis.id), parent);
  }

  /** Signs the same block with another timestamp: a second header for the slot, or one for the next slot. */
  async twin(signer: Signer, { header, totalDifficulty }: WeightedHeader, laterMs = 1): Promise<ForgedBlock> {
    const message = { ...header.message, timestamp: header.message.timestamp + laterMs };
    const before = { totalDifficulty: totalDifficulty - message.difficulty };
    return this.#keep(await signHeader(signer, message, this.genesis.id), before);
  }

  #keep(header: SignedHeader, parent: Pick<WeightedHeader, "totalDifficulty">): ForgedBlock {
    const { message } = header;
    const id = rootOf(Header, message);
    const totalDifficulty = parent.totalDifficulty + message.difficulty;
    const forged = {
      height: message.height,
      id,
      idHex: toHex(id),
      header,
      totalDifficulty,
      body: new Uint8Array(),
    };
    this.forged.set(forged.idHex, forged);
    const [oldest] = this.forged.keys();
    if (this.forged.size > maxForged && oldest) this.forged.delete(oldest);
    return forged;
  }

  /** Encodes a forged block for an answer. */
  blockOf({ header, body }: ForgedBlock): EncodedBlock {
    return { header, body };
  }
}
