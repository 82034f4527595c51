import { blocksById, height } from "../../../protocols/index.ts";
import { EncodedBlock, encodeRecords, Header, rootOf } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, watchChain } from "../lib/claims.ts";
import { answering, bytes32 } from "../lib/wire.ts";
import { eachHead, insider } from "./insider.ts";

const ids = 6;
const perSecond = 5;

/** Shows blocks of one height by the height protocol alone, so that the nodes fetch them themselves. */
export const sideBlocks: Attack = {
  name: "side-blocks",
  by: "coalition",
  does: `an authority signs ever new blocks for the height after each head that it may sign on; ${ids} ids tell of ${perSecond}/s each as heads of equal weight by the height protocol, and deliver them`,
  fullOnly: true,
  judge: ({ served = 0 }) => (served > 0 ? [] : ["no node asked for a side block"]),
  async run(site) {
    const view = await watchChain(site);
    const liar = await insider(site);
    /** The blocks of the newest height, by id. */
    const blocks = new Map<string, Uint8Array>();
    let draft: Header | undefined;
    let totalDifficulty = 0;
    let lastMs = 0;
    const fresh = async () => {
      if (!draft || draft.height <= view.finalizedHeight) return undefined;
      lastMs = Math.max(lastMs + 1, draft.timestamp, Date.now());
      const header = await liar.sign({ ...draft, timestamp: lastMs, stateRoot: bytes32() });
      const id = rootOf(Header, header.message);
      blocks.set(toHex(id), EncodedBlock.serialize({ header, body: encodeRecords([]) }));
      site.count("blocks");
      return { height: header.message.height, headId: id, totalDifficulty };
    };
    const status = async () =>
      statusOf(view, site.job.genesisId, { ...(await fresh()), justifiedRound: view.justifiedRound + 3 });
    const answers = {
      [height.id]: answering(async () => [await status()]),
      [blocksById.id]: answering((request) => {
        const found = blocksById.request
          .deserialize(request)
          .ids.flatMap((id) => blocks.get(toHex(id)) ?? []);
        site.count("served", found.length);
        return found;
      }),
    };
    await Promise.all([
      eachHead(site, liar, async (head) => {
        if (!liar.maySign) return;
        blocks.clear();
        draft = liar.draft();
        totalDifficulty = head.totalDifficulty + draft.difficulty;
      }),
      site.crowd(ids, { answers, rawGossip: true }, async ({ rogue }) => {
        await site.repeat(
          perSecond,
          async () => tell(site, rogue, await status()),
          () => rogue.connected,
        );
      }),
    ]);
  },
};
