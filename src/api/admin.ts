import { timingSafeEqual } from "node:crypto";
import { sha256 } from "../crypto/hash.ts";
import type { ApiContext } from "./http.ts";
import { ProblemError } from "./problem.ts";

/** Admits only clients that can read the node's folder. @throws {ProblemError} `UNAUTHORIZED` */
export function requireAdmin(context: ApiContext, adminToken: string): void {
  const [, given] = /^bearer +(\S+) *$/i.exec(context.req.header("authorization") ?? "") ?? [];
  if (given !== undefined && isSame(given, adminToken)) return;
  const detail = "send Authorization: Bearer with the token in the file admin-token of the node's folder";
  throw new ProblemError("UNAUTHORIZED", detail, { "www-authenticate": "Bearer" });
}

/** Takes the same time whatever the texts have in common: it compares digests, which also hides the length. */
function isSame(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(sha256(encoder.encode(a)), sha256(encoder.encode(b)));
}
