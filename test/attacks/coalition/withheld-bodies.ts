import { blockIds, blocks, blocksById, finality, headers, height } from "../../../protocols/index.ts";
import { Header, rootOf, type SignedHeader, transactionsRoot } from "../../../src/types/index.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, watchChain } from "../lib/claims.ts";
import { answering, bytes32, silent } from "../lib/wire.ts";
import { eachHead, insider } from "./insider.ts";

const ids = 10;

/** Announces valid headers that are heavier than the chain, and withholds their bodies. */
export const withheldBodies: Attack = {
  name: "withheld-bodies",
  by: "coalition",
  does: `an authority signs a header on each head that it may sign on; ${ids} ids tell of it every 0.7 s by the height protocol, show it when they are asked, and never give its transactions`,
  async run(site) {
    const view = await watchChain(site);
    let held: { header: SignedHeader; id: Uint8Array; totalDifficulty: number } | undefined;
    const liar = await insider(site);
    const status = () =>
      statusOf(view, site.job.genesisId, {
        ...(held && {
          height: held.header.message.height,
          headId: held.id,
          totalDifficulty: held.totalDifficulty,
        }),
        justifiedRound: view.justifiedRound + 3,
      });
    const { reader, tree } = liar.shadow.chain;
    const answers = {
      [height.id]: answering(() => [status()]),
      [blockIds.id]: answering(async (request) => {
        if (!held) return undefined;
        const { count } = blockIds.request.deserialize(request);
        const below = await reader.idsDown(held.header.message.height - 1, Math.min(99, count - 1));
        return [
          blockIds.response.serialize({ height: held.header.message.height, ids: [held.id, ...below] }),
        ];
      }),
      [headers.id]: answering(async (request) => {
        if (!held) return undefined;
        const { start, count } = headers.request.deserialize(request);
        const top = held.header.message.height;
        const below = start < top ? await reader.idsUp(start, Math.min(count, top - start)) : [];
        const page = [];
        for (const id of below) page.push((await tree.require(id)).header);
        if (start <= top && page.length < count) page.push(held.header);
        site.count("headers");
        return [headers.response.serialize(page)];
      }),
      [blocks.id]: silent,
      [blocksById.id]: silent,
      [finality.id]: answering(() => [finality.response.serialize({ certificates: [], votes: [] })]),
    };
    await Promise.all([
      eachHead(site, liar, async (head) => {
        if (!liar.maySign) return;
        const header = await liar.sign({ transactionsRoot: transactionsRoot([bytes32(), bytes32()]) });
        const { difficulty } = header.message;
        held = {
          header,
          id: rootOf(Header, header.message),
          totalDifficulty: head.totalDifficulty + difficulty,
        };
      }),
      site.crowd(ids, { answers, rawGossip: true }, async ({ rogue }) => {
        await site.repeat(
          1.4,
          () => tell(site, rogue, status()),
          () => rogue.connected,
        );
      }),
    ]);
  },
};
