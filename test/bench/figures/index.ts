import type { Figure } from "../figure.ts";
import { bareHttpFigure } from "./bare-http.ts";
import { commandFigure } from "./command.ts";
import { commonAncestorFigure } from "./common-ancestor.ts";
import { diskFigure } from "./disk.ts";
import { historyFigure } from "./history.ts";
import { idleFigure } from "./idle.ts";
import { importFigures } from "./import.ts";
import { latencyFigure } from "./latency.ts";
import { mempoolFigure } from "./mempool.ts";
import { pageFigure } from "./page.ts";
import { propagationFigure } from "./propagation.ts";
import { reorganizeFigure } from "./reorganize.ts";
import { startFigure } from "./start.ts";
import { stateRootFigure } from "./state-root.ts";
import { submitFigures } from "./submit.ts";
import { syncFigure } from "./sync.ts";
import { votesFigure } from "./votes.ts";
import { wideAreaFigure } from "./wide-area.ts";

/**
 * The figures in the order in which they run. `command` is the first: the process of the bench grows with what it
 * signs, and starts other processes the more slowly.
 */
export const figures: readonly Figure[] = [
  commandFigure,
  ...submitFigures,
  bareHttpFigure,
  latencyFigure,
  syncFigure,
  ...importFigures,
  propagationFigure,
  diskFigure,
  idleFigure,
  historyFigure,
  pageFigure,
  startFigure,
  mempoolFigure,
  stateRootFigure,
  reorganizeFigure,
  commonAncestorFigure,
  votesFigure,
  wideAreaFigure,
];
