import { defaultHttpPort } from "../config/index.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { UsageError } from "./output.ts";

/** A node on the same machine answers in milliseconds; one across the world within seconds. */
const timeoutMs = 15_000;

/** An answer of the HTTP API that is an error (RFC 9457); `status` is HTTP's, `code` the API's. */
export class ApiError extends UserError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message, code);
    this.status = status;
  }
}

export interface ApiClient {
  readonly url: string;
  /** `path` starts with `/`. @throws {UserError} `UNREACHABLE`, {ApiError} */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object, headers?: Record<string, string>): Promise<T>;
  delete<T>(path: string, headers?: Record<string, string>): Promise<T>;
}

/** @param url default: where node `nodeId` of this machine listens by default. */
export function createClient(url: string | undefined, nodeId: number): ApiClient {
  const base = url === undefined ? `http://127.0.0.1:${defaultHttpPort(nodeId)}` : parseUrl(url);
  return {
    url: base,
    get: (path) => request(base, path),
    post: (path, body, headers = {}) =>
      request(base, path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    delete: (path, headers = {}) => request(base, path, { method: "DELETE", headers }),
  };
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `--url must be an HTTP address, such as http://127.0.0.1:63262, not ${JSON.stringify(text)}`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

async function request<T>(base: string, path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (error) {
    const hint = "is the node running? Start it with ccoin start, or name another with --url";
    throw new UserError(`cannot reach ${base} (${reason(error)}): ${hint}`, "UNREACHABLE", { cause: error });
  }
  const body = parseJson(text);
  if (!response.ok) {
    const problem = (body ?? {}) as { code?: string; detail?: string; title?: string };
    const message = problem.detail ?? problem.title ?? `HTTP ${response.status}`;
    throw new ApiError(response.status, problem.code ?? `HTTP_${response.status}`, message);
  }
  if (typeof body !== "object" || body === null) {
    throw new UserError(`${base}${path} does not answer like a ccoin node: check --url`, "NOT_A_NODE");
  }
  return body as T;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fetch says "fetch failed" and keeps the reason in `cause`. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? messageOf(cause ?? error);
}
