import { CodedError, messageOf } from "../../src/util/errors.ts";

/**
 * The first four are result codes of an answer, from either side. The others describe the exchange itself.
 * - `timeout`: a step took too long.
 * - `tooLarge`: a cap was exceeded.
 * - `malformed`: the bytes are no valid frame or message.
 * - `connection`: it ended before the answer did.
 * - `unsupported`: the peer does not speak the protocol.
 * - `aborted`: the caller's own signal aborted it.
 */
export type RequestErrorCode =
  | "invalidRequest"
  | "serverError"
  | "resourceUnavailable"
  | "rateLimited"
  | "timeout"
  | "tooLarge"
  | "malformed"
  | "connection"
  | "unsupported"
  | "aborted";

export class RequestError extends CodedError<RequestErrorCode> {}

/** Codes for errors of it-length-prefixed and libp2p, by their names. */
const codesOfNames: Record<string, RequestErrorCode> = {
  InvalidDataLengthError: "tooLarge",
  InvalidDataLengthLengthError: "malformed",
  InvalidMessageLengthError: "malformed",
  UnexpectedEOFError: "malformed",
  UnsupportedProtocolError: "unsupported",
  TimeoutError: "timeout",
};

/** Converts anything thrown during an exchange. */
export function requestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const name = error instanceof Error ? error.name : "";
  return new RequestError(codesOfNames[name] ?? "connection", messageOf(error), { cause: error });
}
