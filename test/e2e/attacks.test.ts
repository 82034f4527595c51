import { expect, test } from "vitest";
import type { Attack } from "../attacks/attack.ts";
import { attacks } from "../attacks/attacks.ts";
import { measure } from "../attacks/measure/measure.ts";
import { AttackNetwork } from "../attacks/measure/network.ts";
import { qualitiesBroken } from "../attacks/measure/result.ts";
import { patience } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

/** How long each group of attacks runs. `npm run attacks` runs each attack alone for a minute and judges the times. */
const seconds = 5;
/** Number of groups for each adversary. In larger groups the attackers would take each other's places at the nodes. */
const groups = { stranger: 2, coalition: 1 };

patience.factor = Math.max(patience.factor, 3);

test.each(["stranger", "coalition"] as const)(
  "all attacks of a %s, several at once, stop no chain and get nobody blamed",
  async (by) => {
    const network = await AttackNetwork.open(createWorld(), by);
    const all = split(
      attacks.filter((attack) => attack.by === by && !attack.fullOnly),
      groups[by],
    );
    for (const group of all) {
      const name = group.map((attack) => attack.name).join("+");
      const result = await measure(network, { name, by, attacks: group, seconds, oneProcess: true });
      console.log(JSON.stringify(result));
      // `measure` has waited until each of them had done something.
      expect(Object.keys(result.counts).length).toBeGreaterThan(0);
      expect(qualitiesBroken(result)).toEqual([]);
      if (group === all.at(-1)) await network.healthy();
      else await network.recovered(result);
    }
  },
);

/** Deals the attacks out to groups, so that similar ones, which are neighbours in the list, are in different groups. */
function split(all: readonly Attack[], count: number): Attack[][] {
  return Array.from({ length: count }, (_, group) => all.filter((_attack, index) => index % count === group));
}
