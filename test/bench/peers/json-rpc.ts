import { httpPost, type PostRequest } from "../lib/requests.ts";
import { type Form, forms } from "./program.ts";

/** A JSON-RPC server. */
export interface Endpoint {
  port: number;
  /** The header with its user name and password. */
  authorization?: string;
}

export type Call = readonly [method: string, ...parameters: unknown[]];

const callsPerRequest = 500;

/** Makes the body of a request: a single call as an object, several as an array. */
export function rpcBody(calls: readonly Call[]): string {
  const texts = calls.map(([method, ...params], id) =>
    JSON.stringify({ jsonrpc: "2.0", id, method, params }),
  );
  return texts.length === 1 ? texts[0]! : `[${texts.join(",")}]`;
}

/** Makes the complete HTTP requests that post these calls, one for each transfer. */
export function rpcPosts({ authorization }: Endpoint, form: Form, calls: readonly Call[]): PostRequest[] {
  const { perRequest } = forms[form];
  const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
  return Array.from({ length: Math.ceil(calls.length / perRequest) }, (_, request) => {
    const part = calls.slice(request * perRequest, (request + 1) * perRequest);
    return { bytes: httpPost("/", headers, Buffer.from(rpcBody(part))), transactions: part.length };
  });
}

/** @throws with the server's text if the answer refuses a call */
export function checkRpcAnswer(answer: Buffer): void {
  const status = answer.toString("latin1", 9, 12);
  const refused = answer.indexOf('"error":{');
  if (status === "200" && refused < 0) return;
  throw new Error(
    `a post was refused: ${status} ${answer.toString("utf8", Math.max(0, refused)).slice(0, 300)}`,
  );
}

/** Calls a method. @throws the server's error */
export async function rpc<T>(endpoint: Endpoint, ...call: Call): Promise<T> {
  return (await rpcAll<T>(endpoint, [call]))[0]!;
}

/** Makes many calls, and resolves to their results in the same order. @throws the first error */
export async function rpcAll<T>({ port, authorization }: Endpoint, calls: readonly Call[]): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < calls.length; start += callsPerRequest) {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body: rpcBody(calls.slice(start, start + callsPerRequest)),
    });
    results.push(...rpcResults<T>(await response.text()));
  }
  return results;
}

interface Answer<T> {
  id: number;
  result?: T;
  error?: { message: string } | null;
}

/** Parses the answer to one call or to several, which may be in any order. @throws the first error */
export function rpcResults<T>(text: string): T[] {
  const parsed = JSON.parse(text) as Answer<T> | Answer<T>[];
  const answers = (Array.isArray(parsed) ? parsed : [parsed]).toSorted((a, b) => a.id - b.id);
  return answers.map(({ result, error }) => {
    if (error) throw new Error(error.message);
    return result as T;
  });
}
