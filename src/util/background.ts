import { failProcess, isClosed } from "./errors.ts";

/**
 * Starts work that nobody waits for and that handles its errors itself. An error that escapes it is a bug and ends the
 * node in order, unless it only says that a part of an ending node is closed.
 */
export function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!isClosed(error)) failProcess(error);
  });
}
