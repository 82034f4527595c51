import { randomBytes } from "node:crypto";
import { blockIds, genesis, headers, height } from "../../../protocols/index.ts";
import { zero32 } from "../../../src/types/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { ofFirstRules } from "../../own-line.ts";
import type { Attack } from "../attack.ts";
import { tell } from "../lib/claims.ts";
import { answering, silent } from "../lib/wire.ts";

const ids = 20;

/** Waits for the joining node with all ids, to be the first peers that it asks. */
export const genesisLies: Attack = {
  name: "genesis-lies",
  by: "stranger",
  does: `${ids} ids connect to the node that joins as soon as it listens; they offer its genesis block and give none, or other bytes, or claim another one`,
  async run(site) {
    const status = (slot: number) =>
      height.response.serialize({
        ...ofFirstRules(slot % 4 === 3 ? Uint8Array.from(randomBytes(32)) : fromHex(site.job.genesisId)),
        height: 10_000,
        headId: Uint8Array.from(randomBytes(32)),
        totalDifficulty: 20_000,
        justifiedRound: 10_000,
        finalizedHeight: 9_999,
        finalizedId: slot % 2 ? zero32 : Uint8Array.from(randomBytes(32)),
        timeMs: Date.now(),
      });
    const junk = [randomBytes(20_000)];
    await Promise.all(
      [0, 1, 2, 3].map((kind) => {
        const answers = {
          [height.id]: answering(() => [status(kind)]),
          [genesis.id]: kind % 2 ? silent : answering(() => junk),
          [headers.id]: silent,
          [blockIds.id]: silent,
        };
        const places = [site.joiner];
        return site.crowd(
          ids / 4,
          { answers, places, rawGossip: true, comeBackMs: 300 },
          async ({ rogue }) => {
            await site.repeat(
              1,
              () => tell(site, rogue, status(kind)),
              () => rogue.connected,
            );
          },
        );
      }),
    );
  },
};
