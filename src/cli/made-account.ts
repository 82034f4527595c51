import { existsSync } from "node:fs";
import { readAccountInfo } from "../accounts/account.ts";
import type { NodePaths } from "../config/index.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";

/**
 * Call this before a start. The returned function adds to the error with which the start has failed that it has made an
 * account, which stays.
 */
export function noteMadeAccount(paths: NodePaths): (error: unknown) => Promise<unknown> {
  const hadAccount = existsSync(paths.account);
  return async (error) => {
    if (hadAccount || !existsSync(paths.account)) return error;
    const { address } = await readAccountInfo(paths);
    const code = error instanceof CodedError ? error.code : "INTERNAL";
    const text = `${messageOf(error)}; this start has made the account ${address}, which stays in ${paths.folder}`;
    return new UserError(text, code, { cause: error });
  };
}
