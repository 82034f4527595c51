import { crashPoints } from "./crash-points.ts";
import { damagedDatabase } from "./damaged-database.ts";
import { diskFull } from "./disk-full.ts";
import { partitions } from "./partitions.ts";
import { perturbed } from "./perturbations.ts";
import { powerCut } from "./power-cut.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  powerCut,
  crashPoints,
  damagedDatabase,
  diskFull,
  partitions,
  perturbed,
];
