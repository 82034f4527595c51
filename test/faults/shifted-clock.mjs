// A module for `node --import=…?file=…` that shifts the process's wall clock by the milliseconds in the file, which it
// reads every 20 ms. Timers go on as they did, as on a machine whose clock is set.
import { readFileSync } from "node:fs";

const file = /** @type {string} */ (new URL(import.meta.url).searchParams.get("file"));
const freshMs = 20;
const RealDate = Date;
let offsetMs = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now() {
  if (performance.now() - readAt > freshMs) {
    offsetMs = Number(readFileSync(file, "utf8"));
    readAt = performance.now();
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = class extends RealDate {
  /** @param {[] | [number]} args */
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }

  static now() {
    return now();
  }
};
