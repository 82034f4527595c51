import { CodedError, messageOf } from "../../src/util/errors.ts";

/**
 * The first four are result codes of an answer, from either side. Then, of the exchange itself: `timeout`; `tooLarge`, a cap
 * was exceeded; `malformed`, bytes that are no valid frame or message; `connection`, it ended before the answer did;
 * `unsupported`, the peer does not speak the protocol; `aborted`, by the caller's own signal.
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

/** Errors of it-length-prefixed and libp2p, by their names. */
const codesOfNames: Record<string, RequestErrorCode> = {
  InvalidDataLengthError: "tooLarge",
  InvalidDataLengthLengthError: "malformed",
  InvalidMessageLengthError: "malformed",
  UnexpectedEOFError: "malformed",
  UnsupportedProtocolError: "unsupported",
  TimeoutError: "timeout",
};

/** Anything thrown during an exchange. */
export function requestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const name = error instanceof Error ? error.name : "";
  return new RequestError(codesOfNames[name] ?? "connection", messageOf(error), { cause: error });
}
