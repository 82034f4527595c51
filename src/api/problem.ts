import { ProofError } from "../chain/account-proof.ts";
import { TransactionError, type TransactionErrorCode } from "../types/errors.ts";
import { CodedError, isClosed, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

export type ProblemCode =
  | TransactionErrorCode
  | "NO_GENESIS"
  | "NOT_READY"
  | "ENDING"
  | "NOT_FOUND"
  | "BLOCK_NOT_FOUND"
  | "TRANSACTION_NOT_FOUND"
  | "ACCOUNT_NOT_FOUND"
  | "PROOF_NOT_AVAILABLE"
  | "EVENTS_TOO_OLD"
  | "EVENTS_UNKNOWN"
  | "METHOD_NOT_ALLOWED"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "BODY_TOO_LARGE"
  | "HEADERS_TOO_LARGE"
  | "REQUEST_TIMEOUT"
  | "RATE_LIMITED"
  | "OVERLOADED"
  | "UNAUTHORIZED"
  | "PROPOSAL_NOT_FOUND"
  | "NOTHING_TO_CHANGE"
  | "TOO_MANY_PROPOSALS"
  | "UNSAFE_PROPOSAL"
  | "FORBIDDEN_HOST"
  | "FORBIDDEN_ORIGIN"
  | "HTTPS_REQUIRED"
  | "WRITE_FAILED"
  | "DAMAGED"
  | "INTERNAL";

/** The one place where codes become HTTP statuses; docs/http.md lists them. */
export const problems: Readonly<Record<ProblemCode, { status: number; title: string }>> = {
  MALFORMED: { status: 400, title: "Malformed request" },
  INVALID_ADDRESS: { status: 400, title: "Invalid address" },
  INVALID_SIGNATURE: { status: 400, title: "Invalid signature" },
  OVERFLOW: { status: 400, title: "Amount overflow" },
  HTTPS_REQUIRED: { status: 400, title: "HTTPS required" },
  UNAUTHORIZED: { status: 401, title: "Admin token required" },
  FORBIDDEN_HOST: { status: 403, title: "Host not allowed" },
  FORBIDDEN_ORIGIN: { status: 403, title: "Cross-site request refused" },
  NOT_FOUND: { status: 404, title: "No such resource" },
  BLOCK_NOT_FOUND: { status: 404, title: "Block not found" },
  TRANSACTION_NOT_FOUND: { status: 404, title: "Transaction not found" },
  ACCOUNT_NOT_FOUND: { status: 404, title: "Account not found" },
  PROOF_NOT_AVAILABLE: { status: 404, title: "State not available" },
  PROPOSAL_NOT_FOUND: { status: 404, title: "No such proposal" },
  METHOD_NOT_ALLOWED: { status: 405, title: "Method not allowed" },
  REQUEST_TIMEOUT: { status: 408, title: "Request too slow" },
  ALREADY_KNOWN: { status: 409, title: "Transaction already known" },
  NONCE_TOO_LOW: { status: 409, title: "Nonce already used" },
  NOTHING_TO_CHANGE: { status: 409, title: "Nothing to change" },
  TOO_MANY_PROPOSALS: { status: 409, title: "Too many proposals" },
  UNSAFE_PROPOSAL: { status: 409, title: "The change could stop the chain, or this node" },
  EVENTS_TOO_OLD: { status: 410, title: "Events no longer kept" },
  EVENTS_UNKNOWN: { status: 410, title: "No such event" },
  BODY_TOO_LARGE: { status: 413, title: "Body too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "Unsupported media type" },
  WRONG_CHAIN: { status: 422, title: "Transaction of another chain" },
  EXPIRED: { status: 422, title: "Transaction expired" },
  NONCE_TOO_HIGH: { status: 422, title: "Nonce too high" },
  NONCE_GAP_TOO_LARGE: { status: 422, title: "Nonce gap too large" },
  INSUFFICIENT_BALANCE: { status: 422, title: "Insufficient balance" },
  FEE_TOO_LOW: { status: 422, title: "Fee too low" },
  RATE_LIMITED: { status: 429, title: "Too many requests" },
  HEADERS_TOO_LARGE: { status: 431, title: "Headers too large" },
  DAMAGED: { status: 500, title: "Database damaged" },
  INTERNAL: { status: 500, title: "Internal error" },
  ACCOUNT_LIMIT: { status: 503, title: "Too many waiting transactions of this account" },
  MEMPOOL_FULL: { status: 503, title: "Mempool full" },
  NO_GENESIS: { status: 503, title: "No genesis block yet" },
  NOT_READY: { status: 503, title: "Not in step with the network" },
  ENDING: { status: 503, title: "Node is stopping" },
  OVERLOADED: { status: 503, title: "Too busy" },
  WRITE_FAILED: { status: 503, title: "Cannot write to the database" },
};

/** Headers of every answer. Nothing is cached, since everything may change with the next block. */
export const commonHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** Extension members of a problem (RFC 9457, 3.2). */
export interface ProblemFields {
  /** The least fee that is accepted. */
  minFee?: string;
}

/** A refused request: `message` is the problem's detail. */
export class ProblemError extends CodedError<ProblemCode> {
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: ProblemFields;

  constructor(
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    fields: ProblemFields = {},
  ) {
    super(code, detail);
    this.headers = headers;
    this.fields = fields;
  }
}

/** Too much is requested at once. The client may retry soon. */
export function overloaded(detail: string, retryAfterS = 1): ProblemError {
  return new ProblemError("OVERLOADED", detail, { "retry-after": String(retryAfterS) });
}

/** A problem document of RFC 9457. */
export function problemJson(code: ProblemCode, detail: string, fields: ProblemFields = {}): string {
  const { status, title } = problems[code];
  return JSON.stringify({ type: `urn:ccoin:problem:${code}`, title, status, detail, code, ...fields });
}

export function problemResponse(
  code: ProblemCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  fields: ProblemFields = {},
): Response {
  return new Response(problemJson(code, detail, fields), {
    status: problems[code].status,
    headers: { ...commonHeaders, "content-type": "application/problem+json", ...headers },
  });
}

/** The problem for a request that is under way when the node shuts down. */
export function ending(): ProblemError {
  return new ProblemError("ENDING", "the node is stopping: ask again once it has restarted", {
    connection: "close",
  });
}

/** A refusal as a response. */
export function refusalResponse({ code, message, headers, fields }: ProblemError): Response {
  return problemResponse(code, message, headers, fields);
}

/** Turns an error into a problem document. An unexpected error is logged, and its details are not sent. */
export function problemOf(error: unknown, logger: Logger, where: string): Response {
  if (error instanceof ProblemError) return refusalResponse(error);
  if (error instanceof TransactionError || error instanceof ProofError)
    return problemResponse(error.code, error.message);
  if (isClosed(error)) return refusalResponse(ending());
  logger.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, where);
  const code = error instanceof CodedError ? error.code : "INTERNAL";
  if (code === "WRITE_FAILED") return problemResponse(code, writeFailed);
  if (code === "DAMAGED") return problemResponse(code, "the node's database is damaged: its log says where");
  return problemResponse("INTERNAL", "the node failed to answer: its log says why");
}

export const writeFailed =
  "the node cannot write to its disk: nothing was accepted; see its log and free space";
