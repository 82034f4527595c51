import { UserError } from "../util/errors.ts";

const mebibyte = 2 ** 20;
/** A start takes 201 MiB at one time: 128 of them, for a moment, to open an account of the usual cost. */
export const minMemoryBytes = 208 * mebibyte;

/**
 * Refuses to start a node where it would be killed: the kernel kills without a word. @throws {UserError}
 * `NOT_ENOUGH_MEMORY` if the container or service has less memory than a start needs.
 */
export function requireMemory(limitBytes = process.constrainedMemory()): void {
  // 0 means that nothing is known.
  if (limitBytes === 0 || limitBytes >= minMemoryBytes) return;
  const text = (bytes: number) => `${Math.floor(bytes / mebibyte)} MiB`;
  throw new UserError(
    `this process may use ${text(limitBytes)} of memory, and a node needs ${text(minMemoryBytes)} to start: give the container or service 256 MB or more (docker run --memory=256m, MemoryMax=256M)`,
    "NOT_ENOUGH_MEMORY",
  );
}
