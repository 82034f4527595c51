import { ProblemError } from "./problem.ts";
import type { ApiServices, LedgerServices } from "./services.ts";

/** The highest possible count. */
export const maxCount = Number.MAX_SAFE_INTEGER;

/** @throws {ProblemError} `NO_GENESIS` */
export function requireLedger(services: ApiServices): LedgerServices {
  const ledger = services.ledger();
  if (ledger) return ledger;
  throw new ProblemError(
    "NO_GENESIS",
    "this node has no chain yet: it waits for a peer that has one (see /v1/status), or make one with ccoin init",
    { "retry-after": "1" },
  );
}

/** Parses decimal digits that are a safe integer. */
export function parseCount(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
