import { commandLine } from "../config/command.ts";
import { ProblemError } from "./problem.ts";
import type { ApiServices, LedgerServices } from "./services.ts";

/** @throws {ProblemError} `NO_GENESIS` */
export function requireLedger(services: ApiServices): LedgerServices {
  const ledger = services.ledger();
  if (ledger) return ledger;
  throw new ProblemError(
    "NO_GENESIS",
    `this node has no chain yet: it waits for a peer that has one (see /v1/status), or stop it and make one: ${commandLine("init -c <file>")}`,
    { "retry-after": "1" },
  );
}
