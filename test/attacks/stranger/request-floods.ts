import {
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  evidence,
  finality,
  genesis,
  headers,
  height,
  mempoolIds,
  transactions,
} from "../../../protocols/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { frame } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { bytes32 } from "../lib/wire.ts";
import { watchChain } from "./status-lies.ts";

const idsEach = 2;
const perSecond = 30;

/** Sends the most expensive request of each protocol without regard to quotas. */
export const requestFloods: Attack = {
  name: "request-floods",
  by: "stranger",
  does: `${idsEach} ids for each of 11 protocols make its dearest request ${perSecond} times/s each, without waiting for answers`,
  async run(site) {
    const view = await watchChain(site);
    const { request } = blockTransactions;
    const many = Array.from({ length: 1_000 }, () => bytes32());
    const requests: [string, () => Uint8Array][] = [
      [height.id, () => height.request.serialize({ timeMs: Date.now() })],
      [genesis.id, () => genesis.request.serialize({ id: fromHex(site.job.genesisId) })],
      [blockIds.id, () => blockIds.request.serialize({ height: view.height, count: 100 })],
      [headers.id, () => headers.request.serialize({ start: 1, count: 512 })],
      [blocks.id, () => blocks.request.serialize({ start: 1, count: 128 })],
      [blocksById.id, () => blocksById.request.serialize({ ids: [view.head, ...many.slice(0, 15)] })],
      [transactions.id, () => transactions.request.serialize({ ids: many })],
      [blockTransactions.id, () => request.serialize({ block: view.head, indexes: [0] })],
      [mempoolIds.id, () => mempoolIds.request.serialize({ limit: 8_192 })],
      [finality.id, () => finality.request.serialize({ justifiedRound: 0 })],
      [evidence.id, () => evidence.request.serialize({ limit: 1_024 })],
    ];
    const size = requests.length * idsEach;
    await site.crowd(size, { rawGossip: true }, async ({ rogue, slot }) => {
      const [id, make] = requests[slot % requests.length]!;
      let waiting = 0;
      await site.repeat(
        perSecond,
        () => {
          // With more streams at once the attacker would have to wait for itself.
          if (waiting > 100) return;
          waiting++;
          void rogue
            .send(id, frame(make()))
            .catch(() => undefined)
            .finally(() => waiting--);
          site.count("requests");
        },
        () => rogue.connected,
      );
    });
  },
};
