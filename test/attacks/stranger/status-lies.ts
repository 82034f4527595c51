import { blockIds, blocks, blocksById, finality, headers, height } from "../../../protocols/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { frame, type Rogue } from "../../e2e/harness/rogue.ts";
import { ofFirstRules } from "../../own-line.ts";
import type { Attack } from "../attack.ts";
import type { Site } from "../lib/site.ts";
import { answering, bytes32, silent } from "../lib/wire.ts";

const ids = 20;

/** The head of the honest chain, which any peer can request. */
export interface View {
  height: number;
  head: Uint8Array;
  finalizedHeight: number;
  finalized: Uint8Array;
  /** Claims of lower rounds are not looked into. */
  justifiedRound: number;
}

/** Keeps a view of the chain up to date until the attack ends. */
export async function watchChain(site: Site): Promise<View> {
  const view: View = {
    height: 0,
    head: bytes32(),
    finalizedHeight: 0,
    finalized: bytes32(),
    justifiedRound: 0,
  };
  const look = async () => {
    const [{ head, finalized }, { justified }] = await Promise.all([site.status(), site.finality()]);
    if (!head || !finalized) return;
    Object.assign(view, {
      height: head.height,
      head: fromHex(head.id),
      finalizedHeight: finalized.height,
      finalized: fromHex(finalized.id),
      justifiedRound: justified.round,
    });
  };
  await look().catch(() => undefined);
  void site.repeat(2, () => look().catch(() => undefined));
  return view;
}

/** Makes a claim about the chain; its kind depends on the number of the claiming peer. */
function claim(view: View, genesisId: string, slot: number): Uint8Array {
  const honest = {
    ...ofFirstRules(fromHex(genesisId)),
    height: view.height,
    headId: view.head,
    totalDifficulty: 2 * view.height,
    justifiedRound: view.justifiedRound,
    finalizedHeight: view.finalizedHeight,
    finalizedId: view.finalized,
    timeMs: Date.now(),
  };
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
  return height.response.serialize({ ...honest, ...lies[slot % lies.length] });
}

/** Requests the node's status, and sends this one as its own. */
export async function tell(site: Site, rogue: Rogue, status: Uint8Array): Promise<void> {
  const question = height.request.serialize({ timeMs: Date.now() });
  const bytes = Buffer.concat([frame(question), frame(status)]);
  const answer = await Promise.race([rogue.send(height.id, bytes, { close: false }), site.pause(3_000)]);
  if (answer?.reset === false) site.count("claims");
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
