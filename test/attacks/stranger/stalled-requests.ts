import { blockIds, blocks, blocksById, finality, headers, height } from "../../../protocols/index.ts";
import { frame, type Rogue } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, type View, watchChain } from "../lib/claims.ts";
import { answering, bytes32, silent } from "../lib/wire.ts";

const ids = 15;
/** Interval below the time-outs of 5 and 10 s. */
const trickleMs = 4_500;

/** Claims a long chain and serves real headers, one in each answer and as late as allowed, but never a block. */
export const stalledRequests: Attack = {
  name: "stalled-requests",
  by: "stranger",
  does: `${ids} ids claim a longer chain, give real ids at once, real headers one by one and each after ${trickleMs / 1_000} s, and never a block`,
  async run(site) {
    const view = await watchChain(site);
    const places = [...site.places, site.joiner];
    let honest: Rogue | undefined;
    const ask = async (protocol: string, request: Uint8Array) => {
      if (!honest) return undefined;
      const { payloads } = await honest.send(protocol, frame(request));
      return payloads.filter(([code]) => code === 0).map((payload) => Uint8Array.from(payload.subarray(1)));
    };
    const answers = {
      [height.id]: answering(() => [longer(view, site.job.genesisId)]),
      [blockIds.id]: answering((request) => ask(blockIds.id, request)),
      [headers.id]: answering(async (request) => {
        const { start } = headers.request.deserialize(request);
        await site.pause(trickleMs);
        site.count("headers");
        return ask(headers.id, headers.request.serialize({ start, count: 1 }));
      }),
      ...Object.fromEntries([blocks, blocksById, finality].map(({ id }) => [id, silent])),
    };
    // Its own requests are honest.
    const proxy = site.crowd(1, { rawGossip: true }, async ({ rogue }) => {
      honest = rogue;
      await site.repeat(
        1,
        () => undefined,
        () => rogue.connected,
      );
    });
    await site.crowd(ids, { answers, rawGossip: true, places }, async ({ rogue }) => {
      await site.repeat(
        1,
        () => tell(site, rogue, longer(view, site.job.genesisId)),
        () => rogue.connected,
      );
    });
    await proxy;
  },
};

function longer(view: View, genesisId: string): Uint8Array {
  return statusOf(view, genesisId, {
    height: view.height + 20,
    headId: bytes32(),
    totalDifficulty: 2 * view.height + 40,
    justifiedRound: view.justifiedRound + 20,
  });
}
