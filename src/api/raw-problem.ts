import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { commonHeaders, type ProblemCode, problemJson, problems } from "./problem.ts";

/**
 * Answers bytes that never became a request. While a request before them waits for its answer, they get none: it would
 * be taken for that of the request.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Duplex & { _httpMessage?: ServerResponse | null },
): void {
  const answer = socket._httpMessage;
  const isOfRequest = answer && (answer.headersSent || answer.req.complete);
  if (!socket.writable || error.code === "ECONNRESET" || isOfRequest) {
    socket.destroy();
    return;
  }
  endWithProblem(socket, ...clientProblem(error.code));
}

/** Answers CONNECT, which Node.js gives to no request handler. */
export function answerConnect(_: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => undefined);
  endWithProblem(socket, "METHOD_NOT_ALLOWED", "this is no proxy", ["allow: GET, HEAD, POST, DELETE"]);
}

function clientProblem(code: string | undefined): [ProblemCode, string] {
  if (code === "HPE_HEADER_OVERFLOW") return ["HEADERS_TOO_LARGE", "the headers have more than 16 KiB"];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return ["REQUEST_TIMEOUT", "the request took too long to arrive"];
  return ["MALFORMED", "this is not an HTTP request"];
}

function endWithProblem(
  socket: Duplex,
  code: ProblemCode,
  detail: string,
  headers: readonly string[] = [],
): void {
  const body = problemJson(code, detail);
  const head = [
    `HTTP/1.1 ${problems[code].status} ${problems[code].title}`,
    "connection: close",
    "content-type: application/problem+json",
    ...Object.entries(commonHeaders).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
