import { failProcess, isClosed } from "./errors.ts";

/**
 * Starts work that nobody waits for and that handles its errors itself. An error all the same is a fault of the
 * program, and ends the node in order; once the node is ending, nothing is wrong with what finds its parts closed.
 */
export function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!isClosed(error)) failProcess(error);
  });
}
