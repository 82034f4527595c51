import { decodeAddress } from "../crypto/address.ts";
import { fromHex } from "../util/bytes.ts";
import { messageOf } from "../util/errors.ts";
import type { ApiContext } from "./http.ts";
import { ProblemError } from "./problem.ts";
import type { ApiServices, LedgerServices } from "./services.ts";

const idPattern = /^0x[0-9a-fA-F]{64}$/;

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

/** Refuses query parameters that the route does not have. @throws {ProblemError} `MALFORMED` */
export function checkQuery(context: ApiContext, names: readonly string[]): void {
  const unknown = Object.keys(context.req.query()).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const known = names.length > 0 ? `this resource has ${names.join(", ")}` : "this resource has none";
  throw new ProblemError("MALFORMED", `unknown query parameter ${JSON.stringify(unknown)}: ${known}`);
}

/** A query parameter that is a whole number within [min, max]. @throws {ProblemError} `MALFORMED` */
export function numberQuery(
  context: ApiContext,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const text = context.req.query(name);
  if (text === undefined) return fallback;
  const value = parseCount(text);
  if (value !== undefined && value >= min && value <= max) return value;
  throw new ProblemError("MALFORMED", `${name}: must be a whole number from ${min} to ${max}`);
}

/** Decimal digits that are a safe integer. */
export function parseCount(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** @throws {ProblemError} `MALFORMED` */
export function parseId(text: string): Uint8Array {
  if (idPattern.test(text)) return fromHex(text);
  throw new ProblemError("MALFORMED", "id: must be 0x and 64 hex digits");
}

export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** @throws {ProblemError} `MALFORMED` */
export function parseAddress(text: string): Uint8Array {
  try {
    return decodeAddress(text);
  } catch (error) {
    throw new ProblemError("MALFORMED", `address: ${messageOf(error)}`);
  }
}
