import { blockIds, blocks, blocksById, finality, headers, height } from "../../../protocols/index.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, type View, watchChain } from "../lib/claims.ts";
import { answering, bytes32, silent } from "../lib/wire.ts";

const ids = 20;

/** Makes a claim about the chain; its kind depends on the number of the claiming peer. */
function claim(view: View, genesisId: string, slot: number): Uint8Array {
  const lies = [
    { height: view.height + 1_000, headId: bytes32(), totalDifficulty: 2 * view.height + 1_000 },
    { justifiedRound: 2 ** 40 },
    {
      height: view.height + 1,
      headId: bytes32(),
      totalDifficulty: 2 * view.height + 2,
      justifiedRound: 2 ** 50,
    },
    { finalizedHeight: Math.max(1, view.finalizedHeight - 1), finalizedId: bytes32() },
    {
      height: view.height + 1_000,
      headId: bytes32(),
      totalDifficulty: 2 * view.height + 1_000,
      finalizedHeight: view.height + 500,
      finalizedId: bytes32(),
    },
    { digest: bytes32().slice(0, 4), rules: view.height + 1, knownRules: 2 ** 32 - 1 },
  ];
  return statusOf(view, genesisId, lies[slot % lies.length]);
}

export const statusLies: Attack = {
  name: "status-lies",
  by: "stranger",
  does: `${ids} ids claim heights, weights, rules, justified rounds and final blocks that there are not, when they are asked and every 0.7 s, and answer nothing else`,
  async run(site) {
    const view = await watchChain(site);
    const stall = Object.fromEntries(
      [blockIds, headers, blocks, blocksById, finality].map(({ id }) => [id, silent]),
    );
    const answers = { ...stall, [height.id]: answering(() => [claim(view, site.job.genesisId, 0)]) };
    const places = [...site.places, site.joiner];
    await site.crowd(ids, { answers, rawGossip: true, places }, async ({ rogue, slot }) => {
      await site.repeat(
        1.4,
        () => tell(site, rogue, claim(view, site.job.genesisId, Math.floor(slot / places.length))),
        () => rogue.connected,
      );
    });
  },
};
