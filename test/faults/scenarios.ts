import { clockJumps } from "./clock-jumps.ts";
import { crashPoints } from "./crash-points.ts";
import { damagedDatabase } from "./damaged-database.ts";
import { diskFull } from "./disk-full.ts";
import { hostilePeers } from "./hostile-peers.ts";
import { httpAbuse } from "./http-abuse.ts";
import { lyingAuthority } from "./lying-authority.ts";
import { oldData } from "./old-data.ts";
import { partitions } from "./partitions.ts";
import { perturbed } from "./perturbations.ts";
import { powerCut } from "./power-cut.ts";
import type { Scenario } from "./scenario.ts";
import { signals } from "./signals.ts";
import { killedAuthority, killedSigner } from "./signatures.ts";
import { stalledAuthority } from "./stalled-authority.ts";
import { transactionSpam } from "./transaction-spam.ts";

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
  lyingAuthority,
  stalledAuthority,
  clockJumps,
  hostilePeers,
  transactionSpam,
  httpAbuse,
  signals,
];
