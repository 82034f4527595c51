import { clockJumps } from "./clock-jumps.ts";
import { damagedDatabase } from "./damaged-database.ts";
import { hostilePeers } from "./hostile-peers.ts";
import { httpAbuse } from "./http-abuse.ts";
import { lyingAuthority } from "./lying-authority.ts";
import { powerCut } from "./power-cut.ts";
import type { Scenario } from "./scenario.ts";
import { signals } from "./signals.ts";
import { transactionSpam } from "./transaction-spam.ts";

export const scenarios: readonly Scenario[] = [
  powerCut,
  damagedDatabase,
  lyingAuthority,
  clockJumps,
  hostilePeers,
  transactionSpam,
  httpAbuse,
  signals,
];
