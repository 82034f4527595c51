/**
 * An error with a stable code. Codes are mapped once to HTTP (src/api/problem.ts) and once to gossip verdicts
 * (src/sync/verdicts.ts); nothing matches message texts.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The code of operations on a part of the node that has begun to close. */
const closedCode = "CLOSED";

/** @throws {CodedError} `CLOSED`: the node is shutting down; the operation itself is not at fault. */
export function closed(what: string): never {
  throw new CodedError(closedCode, `${what} is closed: the node is ending`);
}

export function isClosed(error: unknown): boolean {
  return error instanceof CodedError && error.code === closedCode;
}

/** Wrong input by a person. It is printed as one line without a stack. */
export class UserError extends CodedError {
  constructor(message: string, code = "USER_ERROR", options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Hands an error that nothing can handle to the process's last handler, which ends the node with the reason. */
export function failProcess(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** The code of an error of the operating system, such as `ENOENT`, or of this program. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of anything thrown, on one line: V8 quotes several lines of a text that is not JSON. */
export function lineOf(error: unknown): string {
  return messageOf(error).replace(/\s+/g, " ");
}
