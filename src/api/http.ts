import type { ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { commonHeaders, problemResponse } from "./problem.ts";

export type ApiEnv = { Bindings: HttpBindings };
export type ApiContext = Context<ApiEnv>;
export type Handler = (context: ApiContext) => Response | Promise<Response>;

const jsonHeaders = { ...commonHeaders, "content-type": "application/json" };
const rawJsonHeaders = Object.entries(jsonHeaders).flat();

export function json(body: unknown, status = 200): Response {
  return jsonText(JSON.stringify(body), status);
}

export function jsonText(text: string, status = 200): Response {
  return new Response(text, { status, headers: jsonHeaders });
}

/** Sends what `jsonText` answers, at a part of its cost. */
export function sendJson(outgoing: ServerResponse, text: string, status: number): void {
  outgoing.writeHead(status, [...rawJsonHeaders, "content-length", String(Buffer.byteLength(text))]);
  outgoing.end(text);
}

/** One path with its methods. Any other method is answered 405. HEAD goes to GET. */
export function route(
  app: Hono<ApiEnv>,
  path: string,
  handlers: Readonly<Partial<Record<"GET" | "POST" | "DELETE", Handler>>>,
): void {
  const methods = Object.entries(handlers);
  for (const [method, handler] of methods) app.on(method, path, handler);
  const allow = methods.map(([method]) => (method === "GET" ? "GET, HEAD" : method)).join(", ");
  app.all(path, () =>
    problemResponse("METHOD_NOT_ALLOWED", `this resource answers ${allow} only`, { allow }),
  );
}
