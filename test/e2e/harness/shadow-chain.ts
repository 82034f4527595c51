import { setTimeout as sleep } from "node:timers/promises";
import { blocks, blocksById, height, maxBlocksPerRequest } from "../../../protocols/index.ts";
import { checkBlock } from "../../../src/chain/block-check.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { type CheckedGenesis, checkGenesis, storeGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { offlineChainOptions } from "../../../src/node/offline-chain.ts";
import { withDatabase } from "../../../src/node/open.ts";
import { BlockError } from "../../../src/types/errors.ts";
import { EncodedBlock } from "../../../src/types/index.ts";
import { MemoryDatabase } from "../../unit/support/database.ts";
import type { TestNode } from "./node.ts";
import { frame, type Rogue } from "./rogue.ts";

const answerWithinMs = 5_000;

/** Reads the genesis block from the database of a node that has not started yet. */
export async function genesisOf(node: TestNode): Promise<CheckedGenesis> {
  const block = await withDatabase(node.paths, (database) => chainStores(database).meta.genesis());
  return checkGenesis(block!, verifySignatures);
}

/** A copy of some nodes' chain in this process, kept in step by requests that any peer may make. */
export class ShadowChain {
  readonly chain: Chain;

  private constructor(chain: Chain) {
    this.chain = chain;
  }

  static async open(genesis: CheckedGenesis): Promise<ShadowChain> {
    const stores = chainStores(new MemoryDatabase());
    await storeGenesis(stores, genesis);
    const chain = await Chain.open(offlineChainOptions(genesis, stores, verifySignatures), []);
    return new ShadowChain(chain);
  }

  /** Imports all blocks of a node above the own head, many with each request. */
  async download(peer: Rogue): Promise<void> {
    for (;;) {
      const request = blocks.request.serialize({
        start: this.chain.head.height + 1,
        count: maxBlocksPerRequest,
      });
      const page = await ask(peer, blocks.id, request);
      if (page.length === 0) return;
      for (const block of page)
        await this.chain.importBlock(await checkBlock(EncodedBlock.deserialize(block), this.chain.checks));
    }
  }

  /** Follows the head that a node claims. */
  async followHead(peer: Rogue): Promise<void> {
    const [answer] = await ask(peer, height.id, height.request.serialize({ timeMs: Date.now() }));
    if (answer) await this.follow(height.response.deserialize(answer).headId, peer);
  }

  /** Imports a block of a node and the missing blocks below it. */
  async follow(id: Uint8Array, peer: Rogue): Promise<void> {
    if (await this.chain.tree.get(id)) return;
    const [answer] = await ask(peer, blocksById.id, blocksById.request.serialize({ ids: [id] }));
    if (!answer) return;
    const block = EncodedBlock.deserialize(answer);
    const checked = await checkBlock(block, this.chain.checks);
    try {
      await this.chain.importBlock(checked);
    } catch (error) {
      if (!(error instanceof BlockError) || error.code !== "UNKNOWN_PARENT") throw error;
      await this.follow(block.header.message.parent, peer);
      if (await this.chain.tree.get(block.header.message.parent)) await this.chain.importBlock(checked);
    }
  }
}

/** Resolves to the chunks of an answer; none if the answer does not arrive in time. */
async function ask(peer: Rogue, protocol: string, request: Uint8Array): Promise<Uint8Array[]> {
  const { payloads } = await Promise.race([
    peer.send(protocol, frame(request)),
    sleep(answerWithinMs, { payloads: [] }, { ref: false }),
  ]);
  return payloads
    .filter((payload) => payload[0] === 0)
    .map((payload) => Uint8Array.from(payload.subarray(1)));
}
