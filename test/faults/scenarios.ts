import { damagedDatabase } from "./damaged-database.ts";
import { powerCut } from "./power-cut.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [powerCut, damagedDatabase];
