import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { messageOf } from "../util/errors.ts";
import { createApp } from "./app.ts";
import { ClientLimiter } from "./client-limiter.ts";
import { shareConnections } from "./connection-places.ts";
import { EventHub } from "./event-hub.ts";
import { createGuard } from "./guard.ts";
import type { ApiEnv } from "./http.ts";
import type { HttpLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { Pipelines } from "./pipelines.ts";
import {
  ending,
  type ProblemCode,
  problemJson,
  problemResponse,
  problems,
  refusalResponse,
} from "./problem.ts";
import { loadExplorer } from "./routes/explorer.ts";
import type { ApiServices } from "./services.ts";
import { SlowReaders } from "./slow-readers.ts";

/** The time that requests under way have to end when the server closes. */
const closeGraceMs = 500;
/**
 * The interval at which Node.js looks for connections that take too long; its default of 30 s would double every
 * time-out.
 */
const connectionCheckMs = 1_000;
/** The explorer's page is made after the work of a start, so that the first visitor need not wait for it. */
const loadExplorerAfterMs = 5_000;

export interface HttpServerOptions {
  host: string;
  /** 0 stands for any free port. */
  port: number;
  services: ApiServices;
  limits: HttpLimits;
}

export interface HttpServer {
  url: string;
  port: number;
  /** The number of open event streams. */
  readonly eventStreams: number;
  /** Resolves within a second, whatever the clients do. */
  close(): Promise<void>;
}

/** @throws {UserError} if it cannot listen, with what to do. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, services, limits } = options;
  const hub = new EventHub(services, limits);
  const limiter = new ClientLimiter(services.clock, limits.rate, limits.localRate);
  const app = createApp(services, limits, hub, limiter);
  const guard = createGuard(host, limiter);
  const slowReaders = new SlowReaders(services.clock, limits);
  const pipelines = new Pipelines();
  let isClosing = false;
  const server = createAdaptorServer({
    fetch: (request, env) => {
      if (isClosing) return refusalResponse(ending());
      const { incoming, outgoing } = env as ApiEnv["Bindings"];
      // Nobody reads this answer: the connection is closed.
      if (!pipelines.begin(incoming as IncomingMessage, outgoing as ServerResponse))
        return new Response(null);
      const refusal = guard(incoming);
      if (refusal) return refusal;
      if (slowReaders.isFull(incoming.socket.remoteAddress ?? ""))
        return problemResponse("OVERLOADED", "read the answers to your other requests first", {
          "retry-after": "1",
        });
      slowReaders.watch(outgoing as ServerResponse);
      return app.fetch(request, env as ApiEnv["Bindings"]);
    },
    hostname: host,
    serverOptions: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: connectionCheckMs,
    },
  }) as Server;
  shareConnections(server, limits.maxConnections);
  server.setTimeout(limits.idleTimeoutMs);
  server.on("clientError", answerClientError);
  try {
    await listen(server, host, port);
  } catch (error) {
    hub.close();
    slowReaders.close();
    throw error;
  }
  // A connection may fail, for example because no file descriptor is left. The server continues.
  server.on("error", (error) => services.logger.error({ error: messageOf(error) }, "HTTP server"));
  const cancelLoading = services.clock.after(loadExplorerAfterMs, () => {
    loadExplorer().catch((error) =>
      services.logger.error({ error: messageOf(error) }, "no explorer: build it with npm run page"),
    );
  });
  const bound = (server.address() as AddressInfo).port;
  const close = () =>
    new Promise<void>((resolve) => {
      isClosing = true;
      const cancel = services.clock.after(closeGraceMs, () => server.closeAllConnections());
      server.close(() => {
        cancel();
        resolve();
      });
      cancelLoading();
      hub.close();
      slowReaders.close();
      server.closeIdleConnections();
    });
  return {
    url: `http://${dialable(host)}:${bound}`,
    port: bound,
    close,
    get eventStreams() {
      return hub.streams;
    },
  };
}

/** Answers bytes that never became a request. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [code, detail] = clientProblem(error.code);
  const body = problemJson(code, detail);
  const head = [
    `HTTP/1.1 ${problems[code].status} ${problems[code].title}`,
    "connection: close",
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function clientProblem(code: string | undefined): [ProblemCode, string] {
  if (code === "HPE_HEADER_OVERFLOW") return ["HEADERS_TOO_LARGE", "the headers have more than 16 KiB"];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return ["REQUEST_TIMEOUT", "the request took too long to arrive"];
  return ["MALFORMED", "this is not an HTTP request"];
}

/** 0.0.0.0 and :: are not dialable. */
function dialable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return isIPv6(host) ? `[${host}]` : host;
}
