import { crashPoints } from "./crash-points.ts";
import { damagedDatabase } from "./damaged-database.ts";
import { diskFull } from "./disk-full.ts";
import { oldData } from "./old-data.ts";
import { partitions } from "./partitions.ts";
import { perturbed } from "./perturbations.ts";
import { powerCut } from "./power-cut.ts";
import type { Scenario } from "./scenario.ts";
import { killedAuthority, killedSigner } from "./signatures.ts";

export const scenarios: readonly Scenario[] = [
  powerCut,
  crashPoints,
  damagedDatabase,
  diskFull,
  killedSigner,
  killedAuthority,
  oldData,
  partitions,
  perturbed,
];
