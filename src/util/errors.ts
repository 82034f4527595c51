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

/** The code of what is asked of a part of the node that has begun to close. */
const closedCode = "CLOSED";

/** @throws {CodedError} `CLOSED`: the node is ending, and nothing is wrong with what was asked. */
export function closed(what: string): never {
  throw new CodedError(closedCode, `${what} is closed: the node is ending`);
}

export function isClosed(error: unknown): boolean {
  return error instanceof CodedError && error.code === closedCode;
}

/** A person's input is wrong: printed as one line without a stack. */
export class UserError extends CodedError {
  constructor(message: string, code = "USER_ERROR", options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same on one line: V8 quotes several of the text that is no JSON. */
export function lineOf(error: unknown): string {
  return messageOf(error).replace(/\s+/g, " ");
}

/** Throws if a branch that the types rule out is reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
