import { timingSafeEqual } from "node:crypto";
import type { Hono } from "hono";
import * as z from "zod";
import { describeIssues } from "../config/schema.ts";
import { sha256 } from "../crypto/hash.ts";
import { clientAddress } from "./client-address.ts";
import type { DearReads } from "./dear-reads.ts";
import { type ApiContext, type ApiEnv, json, route } from "./http.ts";
import { type ProblemCode, ProblemError } from "./problem.ts";
import type { ApiServices } from "./services.ts";

/** Parts of the interface, in the order of docs/http.md. */
export const tags = {
  Node: "The state of a node.",
  Blocks: "The chain.",
  Transactions: "Sending and reading transfers.",
  Accounts: "Balances and histories.",
  Authorities: "The authorities, and the changes that this node's operator proposes.",
  Finality: "Finality: blocks that no reorganization can retract, with proofs.",
  Events: "Events as they happen.",
} as const;

/**
 * Input and answers of one route. Requests are checked by it, and the OpenAPI document and its tests are made from it.
 */
export interface Operation<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Headers extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodType = z.ZodType,
> {
  /** `operationId`. */
  id: string;
  method: "GET" | "POST" | "DELETE";
  /** The path as in OpenAPI: `/v1/blocks/{block}`. */
  path: string;
  tag: keyof typeof tags;
  summary: string;
  description: string;
  /** Each parameter has a description. */
  params?: Params;
  query?: Query;
  headers?: Headers;
  /** Bodies by media type; the handler reads them. */
  body?: Readonly<Record<string, z.ZodType>>;
  /** The status of success, 200 by default. */
  status?: 200 | 202;
  answer: Answer;
  /** The media type of the answer, `application/json` by default. */
  mediaType?: string;
  /** Answers in other media types, for clients that ask for them. */
  otherAnswers?: Readonly<Record<string, z.ZodType>>;
  /** Data of server-sent events, by their names. */
  events?: Readonly<Record<string, z.ZodType>>;
  /** Problems in addition to those that follow from the other fields. */
  problems?: readonly ProblemCode[];
  /** True if the route needs the admin token. */
  admin?: true;
  /** True if the answer may take milliseconds of the main thread: it is made in its turn among such reads. */
  dear?: true;
}

export interface ApiRequest<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
> {
  params: z.output<Params>;
  query: z.output<Query>;
  headers: z.output<Headers>;
  context: ApiContext;
}

const noQuery = z.strictObject({});

/** The routes of a node that its OpenAPI document describes. */
export class Api {
  readonly app: Hono<ApiEnv>;
  readonly operations: Operation[] = [];
  readonly #services: Pick<ApiServices, "adminToken">;
  readonly #reads: DearReads;

  constructor(app: Hono<ApiEnv>, services: Pick<ApiServices, "adminToken">, reads: DearReads) {
    this.app = app;
    this.#services = services;
    this.#reads = reads;
  }

  /** Serves an operation; `handle` returns the body of the answer. */
  serve<
    Params extends z.ZodObject,
    Query extends z.ZodObject,
    Headers extends z.ZodObject,
    Answer extends z.ZodType,
  >(
    operation: Operation<Params, Query, Headers, Answer>,
    handle: (request: ApiRequest<Params, Query, Headers>) => z.input<Answer> | Promise<z.input<Answer>>,
  ): void {
    const answer = async (request: ApiRequest<Params, Query, Headers>) =>
      json(await handle(request), operation.status);
    this.serveResponse(operation, operation.dear ? this.#inTurn(answer) : answer);
  }

  /** Serves an operation; `handle` returns the whole response. */
  serveResponse<Params extends z.ZodObject, Query extends z.ZodObject, Headers extends z.ZodObject>(
    operation: Operation<Params, Query, Headers>,
    handle: (request: ApiRequest<Params, Query, Headers>) => Response | Promise<Response>,
  ): void {
    this.operations.push(operation);
    const { method, path, params, query = noQuery, headers, admin } = operation;
    const answer = (context: ApiContext): Response | Promise<Response> => {
      if (admin) requireAdmin(context, this.#services.adminToken);
      return handle({
        params: (params ? parse(params, context.req.param()) : {}) as z.output<Params>,
        query: parseQuery(query, context) as z.output<Query>,
        headers: (headers ? parse(headers, namedHeaders(headers, context)) : {}) as z.output<Headers>,
        context,
      });
    };
    route(this.app, path.replace(/\{(\w+)\}/g, ":$1"), { [method]: answer });
  }

  /** Nothing is read for a client that has disconnected meanwhile. */
  #inTurn<Request extends { context: ApiContext }>(
    answer: (request: Request) => Promise<Response>,
  ): (request: Request) => Promise<Response> {
    return (request) => {
      const { incoming, outgoing } = request.context.env;
      return this.#reads.run(clientAddress(incoming), async () =>
        outgoing.closed ? new Response(null) : answer(request),
      );
    };
  }
}

/** @throws {ProblemError} `MALFORMED` */
function parseQuery(schema: z.ZodObject, { req }: ApiContext): unknown {
  const given: Record<string, string[]> = req.url.includes("?") ? req.queries() : {};
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = known.length > 0 ? `this resource has ${known.join(", ")}` : "this resource has none";
    throw new ProblemError("MALFORMED", `unknown query parameter ${JSON.stringify(unknown)}: ${names}`);
  }
  const repeated = Object.keys(given).find((name) => given[name]!.length > 1);
  if (repeated !== undefined) throw new ProblemError("MALFORMED", `${repeated}: must be given once`);
  return parse(schema, Object.fromEntries(Object.entries(given).map(([name, [value]]) => [name, value])));
}

function namedHeaders(schema: z.ZodObject, { req }: ApiContext): unknown {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, req.header(name)]));
}

/** @throws {ProblemError} `MALFORMED` */
function parse(schema: z.ZodObject, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError("MALFORMED", describeIssues(result.error));
}

/** Admits only clients that can read the node's folder. @throws {ProblemError} `UNAUTHORIZED` */
function requireAdmin(context: ApiContext, adminToken: string): void {
  const [, given] = /^bearer +(\S+) *$/i.exec(context.req.header("authorization") ?? "") ?? [];
  if (given !== undefined && isSame(given, adminToken)) return;
  const detail = "send Authorization: Bearer with the token in the file admin-token of the node's folder";
  throw new ProblemError("UNAUTHORIZED", detail, { "www-authenticate": "Bearer" });
}

/** Takes the same time whatever the texts have in common: it compares digests, which also hides the length. */
function isSame(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(sha256(encoder.encode(a)), sha256(encoder.encode(b)));
}
