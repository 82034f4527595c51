import { randomBytes } from "node:crypto";
import { SignedFinalityVote } from "../../../src/types/index.ts";
import { topicOf } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { watchChain } from "../lib/claims.ts";
import { bytes32, give, publication } from "../lib/wire.ts";

const ids = 8;
const perSecond = 50;

export const strangerVotes: Attack = {
  name: "stranger-votes",
  by: "stranger",
  does: `${ids} ids send ${perSecond} votes/s each: of voters that nobody knows and of authorities, for known and unknown blocks, with random signatures`,
  async run(site) {
    const view = await watchChain(site);
    const { config, id } = await site.genesis();
    const topic = topicOf("votes", site.job.genesisId);
    await site.crowd(ids, { rawGossip: true }, async ({ rogue }) => {
      const stream = await rogue.gossipStream();
      let next = 0;
      await site.repeat(
        perSecond,
        async () => {
          const turn = next++;
          const vote = SignedFinalityVote.serialize({
            message: {
              source: { round: 0, height: 0, block: id },
              target: {
                round: view.justifiedRound + 2,
                height: view.height + (turn % 2),
                block: turn % 2 ? bytes32() : view.head,
              },
            },
            voter: turn % 3 ? config.authorities[turn % config.authorities.length]! : bytes32(),
            signature: Uint8Array.from(randomBytes(64)),
          });
          await give(stream, publication(topic, vote));
          site.count("votes");
        },
        () => rogue.connected,
      );
    });
  },
};
