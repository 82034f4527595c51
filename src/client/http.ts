import { ClientError } from "./bytes.ts";

/** Even a node across the world answers within seconds. */
const timeoutMs = 15_000;

/** A node's error answer (RFC 9457): `status` is HTTP's, `code` is from docs/http.md, the message is for people. */
export class ApiError extends ClientError {
  readonly status: number;
  /** The least fee, in base units, with which the transaction would be accepted, if the fee was too low. */
  readonly minFee: string | undefined;

  constructor(status: number, code: string, message: string, minFee?: string) {
    super(code, message);
    this.status = status;
    this.minFee = minFee;
  }
}

export interface RequestOptions {
  method?: "GET" | "POST" | "DELETE";
  /** Value that is sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** Asks in place of the global `fetch`. */
  fetch?: Fetch | undefined;
}

/** The part of `fetch` that a client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Codes of Node.js for certificates that it does not trust. */
const certificateCodes =
  /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;

/** True if asking again may help: the node is away, starting or busy. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 429;
  return error instanceof ClientError && error.code === "UNREACHABLE";
}

/**
 * Resolves to the answer's JSON. @throws {ApiError}, {ClientError} `UNREACHABLE`, `NOT_A_NODE`, `CERTIFICATE`, the
 * reason of `signal` if it is aborted
 */
export async function request<T>(base: string, path: string, options: RequestOptions = {}): Promise<T> {
  const { signal } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const { response, text } = await reach(base, async () => {
    const response = await open(base, path, {
      ...options,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { response, text: await response.text() };
  }).catch((error) => {
    signal?.throwIfAborted();
    throw error;
  });
  const body = parseJson(text);
  if (!response.ok) throw problem(response.status, body);
  if (typeof body !== "object" || body === null) {
    throw new ClientError("NOT_A_NODE", `${base}${path} does not answer like a ccoin node`);
  }
  return body as T;
}

/** Resolves to an answer of a media type that is read while it arrives. @throws the same errors as `request` */
export async function openStream(
  base: string,
  path: string,
  mediaType: string,
  options: RequestOptions,
): Promise<ReadableStream<Uint8Array>> {
  const response = await reach(base, () => open(base, path, options));
  if (!response.ok) throw problem(response.status, parseJson(await response.text()));
  if (!response.body || !response.headers.get("content-type")?.startsWith(mediaType)) {
    throw new ClientError("NOT_A_NODE", `${base}${path} does not answer like a ccoin node`);
  }
  return response.body;
}

function open(base: string, path: string, options: RequestOptions): Promise<Response> {
  const { method = "GET", body, headers = {}, signal, fetch = globalThis.fetch } = options;
  return fetch(base + path, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

/** Turns the errors of `fetch` and of its body into `ClientError`s; an abort by the caller passes through. */
export async function reach<T>(base: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof ClientError || (error instanceof Error && error.name === "AbortError")) throw error;
    // Node's fetch throws this when the server answers with something other than HTTP.
    if ((error as { cause?: { name?: unknown } }).cause?.name === "HTTPParserError") {
      throw new ClientError("NOT_A_NODE", `${base} does not answer like a ccoin node`, { cause: error });
    }
    const why = reason(error);
    if (certificateCodes.test(why))
      throw new ClientError("CERTIFICATE", `the certificate of ${base} is not trusted (${why})`, {
        cause: error,
      });
    throw new ClientError("UNREACHABLE", `cannot reach ${base} (${why})`, { cause: error });
  }
}

function problem(status: number, body: unknown): ApiError {
  const { code, detail, title, minFee } = (body ?? {}) as Partial<
    Record<"code" | "detail" | "title" | "minFee", string>
  >;
  return new ApiError(status, code ?? `HTTP_${status}`, detail ?? title ?? `HTTP ${status}`, minFee);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the reason that `fetch` hides in `cause` behind the message "fetch failed". */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : cause instanceof Error ? cause.message : String(cause);
}
