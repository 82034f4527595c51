import { killNode } from "./kill-node.ts";
import { killSigner } from "./kill-signer.ts";
import type { Scenario } from "./scenario.ts";

/** Kills a process that only signs between the record and the signature; a unit test is the short form. */
export const killedSigner: Scenario = {
  name: "killed-signer",
  short: 0,
  full: 200,
  async run(_world, { rounds }) {
    const { signatures, conflicts } = await killSigner(rounds);
    if (conflicts.length > 0) throw new Error(`conflicting: ${conflicts[0]!.join(" and ")}`);
    return `${rounds} kills, ${signatures} signatures, 0 conflicting`;
  },
};

/** Kills one of five authorities under transfers; `consensus-kill.test.ts` is the short form. */
export const killedAuthority: Scenario = {
  name: "killed-authority",
  short: 0,
  full: 200,
  async run(world, options) {
    const { rounds, headers, votes, conflicts, unrecorded, bans } = await killNode(world, options);
    const [conflict] = conflicts;
    if (conflict) throw new Error(`conflicting: ${conflict.join(" and ")}`);
    if (unrecorded.length > 0) throw new Error(`not recorded: ${unrecorded[0]}`);
    if (bans > 0) throw new Error(`${bans} bans of honest nodes`);
    return `${rounds} kills, ${headers} headers and ${votes} votes seen, 0 conflicting, 0 not recorded`;
  },
};
