import type { Attack } from "../attack.ts";
import { allProtocols, smallMisdeeds } from "../lib/misdeeds.ts";

const ids = 8;

export const malformed: Attack = {
  name: "malformed",
  by: "stranger",
  does: `${ids} ids open streams of every protocol, 20/s in all, with malformed, oversized, truncated and endless frames`,
  async run(site) {
    await site.crowd(ids, { rawGossip: true }, async ({ rogue }) => {
      await rogue.gossipStream();
      let turn = 0;
      await site.repeat(
        20 / ids,
        async () => {
          const protocol = allProtocols[turn % allProtocols.length]!;
          await smallMisdeeds[Math.floor(turn / 2) % smallMisdeeds.length]!(rogue, protocol);
          turn++;
          site.count("streams");
        },
        () => rogue.connected,
      );
    });
  },
};
