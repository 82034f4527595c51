import { CodedError } from "../util/errors.ts";

/** Throws because stored data has changed or is missing. `what` names it. */
export function damaged(what: string): never {
  throw new CodedError(
    "DAMAGED",
    `the database is damaged: ${what}. Move the folder db away and start again: the node downloads the chain from its peers`,
  );
}
