import {
  authority,
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  evidence,
  finality,
  genesis,
  headers,
  height,
  maxPeersPerRequest,
  mempoolIds,
  peers,
  recovery,
  transactions,
} from "../../../protocols/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import type { BlockAnswer } from "../../e2e/harness/node.ts";
import { frame } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { type View, watchChain } from "../lib/claims.ts";
import type { Site } from "../lib/site.ts";
import { bytes32 } from "../lib/wire.ts";
import { history } from "../measure/history.ts";

const idsEach = 2;
const perSecond = 30;

interface Targets {
  view: View;
  genesisId: Uint8Array;
  /** A block with many transactions. */
  fullBlock: Uint8Array;
}

const many = Array.from({ length: 1_000 }, () => bytes32());
const allOfABlock = Array.from({ length: history.transactions }, (_, index) => index);

/** The most expensive request of each protocol. */
export const dearest: readonly [string, (targets: Targets) => Uint8Array][] = [
  [height.id, () => height.request.serialize({ timeMs: Date.now() })],
  [genesis.id, ({ genesisId }) => genesis.request.serialize({ id: genesisId })],
  [blockIds.id, ({ view }) => blockIds.request.serialize({ height: view.height, count: 100 })],
  [headers.id, () => headers.request.serialize({ start: 1, count: 512 })],
  [blocks.id, () => blocks.request.serialize({ start: 1, count: 128 })],
  [blocksById.id, ({ view }) => blocksById.request.serialize({ ids: [view.head, ...many.slice(0, 15)] })],
  [transactions.id, () => transactions.request.serialize({ ids: many })],
  [
    blockTransactions.id,
    ({ fullBlock }) => blockTransactions.request.serialize({ block: fullBlock, indexes: allOfABlock }),
  ],
  [mempoolIds.id, () => mempoolIds.request.serialize({ limit: 8_192 })],
  [finality.id, () => finality.request.serialize({ justifiedRound: 0 })],
  [evidence.id, () => evidence.request.serialize({ limit: 1_024 })],
  [recovery.id, () => recovery.request.serialize({ known: new Uint8Array(32) })],
  [peers.id, () => peers.request.serialize({ limit: maxPeersPerRequest })],
  [authority.id, () => authority.request.serialize({ nonce: bytes32() })],
];

/** Sends the most expensive request of each protocol without regard to quotas. */
export const requestFloods: Attack = {
  name: "request-floods",
  by: "stranger",
  does: `${idsEach} ids for each of ${dearest.length} protocols make its dearest request ${perSecond} times/s each, without waiting for answers`,
  async run(site) {
    const targets: Targets = {
      view: await watchChain(site),
      genesisId: fromHex(site.job.genesisId),
      fullBlock: await fullBlock(site),
    };
    const size = dearest.length * idsEach;
    await site.crowd(size, { rawGossip: true }, async ({ rogue, slot }) => {
      const [id, make] = dearest[slot % dearest.length]!;
      let waiting = 0;
      await site.repeat(
        perSecond,
        () => {
          // With more streams at once the attacker would have to wait for itself.
          if (waiting > 100) return;
          waiting++;
          void rogue
            .send(id, frame(make(targets)))
            .catch(() => undefined)
            .finally(() => waiting--);
          site.count("requests");
        },
        () => rogue.connected,
      );
    });
  },
};

async function fullBlock(site: Site): Promise<Uint8Array> {
  const answer = await fetch(`${site.places[0]!.url}/v1/blocks/${history.blocks}`);
  return fromHex(((await answer.json()) as BlockAnswer).id);
}
