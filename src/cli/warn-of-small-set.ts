import { minFaultTolerantAuthorities } from "../config/index.ts";
import { printWarning } from "./output.ts";

/** Warns of a set of authorities that is too small to tolerate a fault. */
export function warnOfSmallSet(json: boolean | undefined, authorities: number): void {
  if (authorities >= minFaultTolerantAuthorities) return;
  printWarning(
    json,
    "NO_FAULT_TOLERANCE",
    `${authorities} ${authorities === 1 ? "authority tolerates" : "authorities tolerate"} no fault: ` +
      `${minFaultTolerantAuthorities} are needed to tolerate one that fails or lies`,
  );
}
