import type { Stream } from "@libp2p/interface";
import { blocksById, blockTransactions } from "../../../protocols/index.ts";
import type { Signer } from "../../../src/accounts/index.ts";
import type { CheckedGenesis } from "../../../src/chain/genesis.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { hasSignedRecently, requiredDifficulty } from "../../../src/consensus/index.ts";
import {
  CompactBlock,
  Header,
  noVote,
  type SignedHeader,
  transactionsRoot,
  zero32,
} from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { signHeader } from "../../sign-header.ts";
import { unprotected } from "../../unprotected-signer.ts";
import { type Answers, Rogue, type RogueTarget } from "./rogue.ts";
import { ShadowChain } from "./shadow-chain.ts";

export const lies = ["equivocating", "withholding", "bad state root", "wrong turn", "future time"] as const;
export type Lie = (typeof lies)[number];

const asksAfterMs = 2_000;

/**
 * A dishonest authority: a peer of all other nodes that knows their chain, has an authority's key and breaks the rules.
 */
export class Liar {
  /** The number of times that it was banned and returned with another peer key. */
  banned = 0;
  readonly shadow: ShadowChain;
  readonly #options: LiarOptions;
  readonly #peers: Rogue[] = [];
  readonly #heard = new Set<string>();
  #heardAt = performance.now();

  private constructor(shadow: ShadowChain, options: LiarOptions) {
    this.shadow = shadow;
    this.#options = options;
  }

  static async connect(options: LiarOptions): Promise<Liar> {
    const liar = new Liar(await ShadowChain.open(options.genesis), options);
    for (const index of options.nodes.keys()) liar.#peers[index] = await liar.#dial(index);
    return liar;
  }

  /** True if the rules let it sign a block on the head. */
  get maySign(): boolean {
    const { head, snapshot } = this.shadow.chain;
    return !hasSignedRecently(snapshot, head.height + 1, this.#options.signer.publicKey);
  }

  /**
   * Publishes a block on the head that is wrong in this way; for the first three lies it must be allowed to sign.
   * Resolves to false if the head has changed in the meantime.
   */
  async tell(lie: Lie): Promise<boolean> {
    switch (lie) {
      case "equivocating":
        return this.#equivocate();
      case "withholding": {
        const ids = [this.#bytes(32), this.#bytes(32)];
        const header = await this.sign({ transactionsRoot: transactionsRoot(ids) });
        return this.publish(
          header,
          ids.map((id) => id.subarray(0, 8)),
        );
      }
      case "bad state root":
        return this.publish(await this.sign({ stateRoot: this.#bytes(32) }));
      case "wrong turn": {
        const { difficulty } = this.draft();
        return this.publish(await this.sign({ difficulty: this.maySign ? 3 - difficulty : difficulty }));
      }
      case "future time": {
        const aheadMs = 1_000 * 3_600 ** this.#options.random();
        return this.publish(await this.sign({ timestamp: Date.now() + Math.round(aheadMs) }));
      }
    }
  }

  /**
   * Signs two valid blocks in one slot, and sends one to the first node, the other to the second, and both to the rest.
   */
  async #equivocate(): Promise<boolean> {
    const block = await this.makeBlock();
    if (!block) return false;
    // The state does not depend on the time.
    const { message } = block.header;
    const { slotMs } = this.#options.genesis.config;
    const shift = message.timestamp % slotMs === slotMs - 1 ? -1 : 1;
    const twin = await this.sign({ ...message, timestamp: message.timestamp + shift });
    await Promise.all(
      this.#peers.map(async (peer, index) => {
        if (index !== 1) await this.#publishTo(peer, block.header);
        if (index !== 0) await this.#publishTo(peer, twin);
      }),
    );
    return true;
  }

  /** Makes a valid empty block on the head; `undefined` if the head has changed in the meantime. */
  makeBlock(): Promise<CanonicalBlock | undefined> {
    const { chain } = this.shadow;
    const { timestamp, difficulty } = this.draft();
    return chain.produce({
      signer: unprotected(this.#options.signer),
      parentId: chain.head.id,
      timestampMs: timestamp,
      difficulty,
      allowEmpty: true,
      select: () => [],
    });
  }

  /** Returns an empty block on the head, without its state root. */
  draft(): Header {
    const { head, snapshot } = this.shadow.chain;
    return {
      height: head.height + 1,
      parent: head.id,
      timestamp: head.header.message.timestamp + snapshot.parameters.periodMs,
      proposer: this.#options.signer.publicKey,
      difficulty: requiredDifficulty(snapshot, head.height + 1, this.#options.signer.publicKey),
      vote: noVote,
      transactionsRoot: transactionsRoot([]),
      stateRoot: zero32,
    };
  }

  sign(changes: Partial<Header>): Promise<SignedHeader> {
    return signHeader(this.#options.signer, { ...this.draft(), ...changes }, this.#options.genesis.id);
  }

  /** Publishes a header to every node. */
  async publish(header: SignedHeader, shortIds: Uint8Array[] = []): Promise<boolean> {
    await Promise.all(this.#peers.map((peer) => this.#publishTo(peer, header, shortIds)));
    return true;
  }

  async #publishTo(peer: Rogue, header: SignedHeader, shortIds: Uint8Array[] = []): Promise<void> {
    if (!peer.connected) return;
    const message = CompactBlock.serialize({ header, shortIds });
    await peer.publish("blocks", toHex(this.#options.genesis.id), message).catch(() => undefined);
  }

  /** Describes its height and connections for the message of a failure. */
  toString(): string {
    return `height ${this.shadow.chain.head.height}, ${this.#heard.size} blocks heard of, connected: ${this.#peers.map(({ connected }) => connected)}`;
  }

  /** Returns under another id after a ban, and requests the head when its low score keeps it from being told. */
  async comeBack(): Promise<void> {
    if (performance.now() - this.#heardAt > asksAfterMs) await this.#askForHead();
    for (const [index, peer] of this.#peers.entries()) {
      if (peer.connected) continue;
      this.banned++;
      await peer.leave();
      this.#peers[index] = await this.#dial(index);
    }
  }

  async #askForHead(): Promise<void> {
    this.#heardAt = performance.now();
    for (const peer of this.#peers) await this.shadow.followHead(peer).catch(() => undefined);
  }

  async #dial(index: number): Promise<Rogue> {
    // Never answers requests, so that nodes wait for the withheld block.
    const silent = (_stream: Stream) => undefined;
    const { localAddress } = this.#options;
    const peer = await Rogue.connect(this.#options.nodes[index]!, {
      answers: { [blockTransactions.id]: silent, [blocksById.id]: silent, ...this.#options.answers },
      ...(localAddress !== undefined && { localAddress }),
    });
    await peer.listen("blocks", toHex(this.#options.genesis.id), (data) => void this.#hear(data, index));
    return peer;
  }

  async #hear(data: Uint8Array, index: number): Promise<void> {
    const { message } = CompactBlock.deserialize(data).header;
    const id = Header.hashTreeRoot(message);
    if (this.#heard.has(toHex(id))) return;
    this.#heard.add(toHex(id));
    this.#heardAt = performance.now();
    // The peer that announced it may ban the liar in the meantime.
    for (const peer of [this.#peers[index]!, ...this.#peers]) {
      await this.shadow.follow(id, peer).catch(() => undefined);
      if (await this.shadow.chain.tree.get(id)) break;
    }
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#options.random() * 256));
  }
}

export interface LiarOptions {
  nodes: readonly RogueTarget[];
  genesis: CheckedGenesis;
  signer: Signer;
  random: () => number;
  /** Answers to requests for blocks, in place of silence. */
  answers?: Answers;
  localAddress?: string;
}
