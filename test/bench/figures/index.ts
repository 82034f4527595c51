import type { Figure } from "../figure.ts";
import { diskFigure } from "./disk.ts";
import { idleFigure } from "./idle.ts";
import { importFigures } from "./import.ts";
import { mempoolFigure } from "./mempool.ts";
import { startFigure } from "./start.ts";
import { submitFigures } from "./submit.ts";
import { syncFigure } from "./sync.ts";

/** In the order in which they run. */
export const figures: readonly Figure[] = [
  ...submitFigures,
  syncFigure,
  ...importFigures,
  diskFigure,
  idleFigure,
  startFigure,
  mempoolFigure,
];
