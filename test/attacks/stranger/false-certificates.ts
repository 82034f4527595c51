import { randomBytes } from "node:crypto";
import { finality, height } from "../../../protocols/index.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, watchChain } from "../lib/claims.ts";
import { answering, bytes32 } from "../lib/wire.ts";

const ids = 12;

/** Claims the next justified rounds, and answers with certificates that the authorities never signed. */
export const falseCertificates: Attack = {
  name: "false-certificates",
  by: "stranger",
  does: `${ids} ids claim later justified rounds every 0.7 s and answer with certificates whose signatures are not the voters', for known and unknown blocks`,
  async run(site) {
    const view = await watchChain(site);
    const { config, id } = await site.genesis();
    const places = [...site.places, site.joiner];
    const status = () => statusOf(view, site.job.genesisId, { justifiedRound: view.justifiedRound + 5 });
    const certificate = (known: boolean) => ({
      link: {
        source: { round: 0, height: 0, block: id },
        target: { round: view.justifiedRound + 5, height: view.height, block: known ? view.head : bytes32() },
      },
      voters: config.authorities,
      signatures: config.authorities.map(() => Uint8Array.from(randomBytes(64))),
    });
    let answered = 0;
    const answers = {
      [height.id]: answering(() => [status()]),
      [finality.id]: answering(() => {
        site.count("certificates");
        return [
          finality.response.serialize({ certificates: [certificate(answered++ % 2 === 0)], votes: [] }),
        ];
      }),
    };
    await site.crowd(ids, { answers, rawGossip: true, places }, async ({ rogue }) => {
      await site.repeat(
        1.4,
        () => tell(site, rogue, status()),
        () => rogue.connected,
      );
    });
  },
};
