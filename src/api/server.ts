import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { messageOf } from "../util/errors.ts";
import { createApp } from "./app.ts";
import { clientAddress, nameClient } from "./client-address.ts";
import { ClientLimiter } from "./client-limiter.ts";
import { DearReads } from "./dear-reads.ts";
import { EventHub } from "./event-hub.ts";
import { createGuard, type HttpAccess } from "./guard.ts";
import { type ApiEnv, sendJson } from "./http.ts";
import type { HttpLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { Pipelines } from "./pipelines.ts";
import { ending, overloaded, problemOf, problemResponse, refusalResponse } from "./problem.ts";
import { answerClientError, answerConnect } from "./raw-problem.ts";
import { loadExplorer, makeAgain } from "./routes/explorer.ts";
import { submitOperation } from "./schemas/submit.ts";
import { refusePlain, SecurePort, type TlsIdentity } from "./secure-port.ts";
import type { ApiServices } from "./services.ts";
import { shareConnections } from "./shares.ts";
import { SlowReaders } from "./slow-readers.ts";
import { tlsToll } from "./tls-records.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

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
  access: HttpAccess;
  services: ApiServices;
  limits: HttpLimits;
  /** Serves HTTPS instead of HTTP. */
  tls?: TlsIdentity | undefined;
}

export interface HttpServer {
  url: string;
  port: number;
  /** New connections get this certificate, if the server has TLS. @throws if the key is not that of the certificate */
  renew(identity: TlsIdentity): void;
  /** The number of open event streams. */
  readonly eventStreams: number;
  /** Resolves within a second, whatever the clients do. */
  close(): Promise<void>;
}

/** @throws {UserError} if it cannot listen, with what to do. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, access, services, limits, tls } = options;
  const reads = new DearReads(services.clock);
  const hub = new EventHub(services, limits, reads);
  const limiter = new ClientLimiter(services.clock, limits.rate, limits.localRate);
  const { app, submit } = createApp(services, limits, hub, { limiter, reads });
  const guard = createGuard(host, access, limiter);
  const proxies = new TrustedProxies(access.trustProxies);
  const slowReaders = new SlowReaders(services.clock, limits);
  const pipelines = new Pipelines();
  let isClosing = false;
  /** The refusal of a request whose client may not ask now. */
  const refuse = (incoming: IncomingMessage, outgoing: ServerResponse): Response | undefined => {
    if (isClosing) return refusalResponse(ending());
    nameClient(incoming, proxies);
    // Nobody reads this answer: the connection is closed.
    if (!pipelines.begin(incoming, outgoing)) return new Response(null);
    const refusal = guard(incoming, outgoing) ?? (tls && refusePlain(incoming));
    if (refusal) return refusal;
    if (!slowReaders.isFull(clientAddress(incoming))) return undefined;
    return refusalResponse(overloaded("read the answers to your other requests first"));
  };
  const answerBy = (fetch: Parameters<typeof getRequestListener>[0]) =>
    getRequestListener(fetch, {
      // `Pipelines` does not read the rest of a body, but this would.
      autoCleanupIncoming: false,
      // Stands in for the Host header that HTTP/1.0 does not have.
      hostname: "localhost",
      errorHandler: (error) =>
        error instanceof RequestError
          ? problemResponse("MALFORMED", `the request has no valid target or Host header: ${error.message}`)
          : problemOf(error, services.logger, "an HTTP request failed"),
    });
  const answerAny = answerBy((request, env) => {
    const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse };
    const refusal = refuse(incoming, outgoing);
    pipelines.beforeAnswer(incoming, outgoing);
    // A body that came with its headers is here a moment later.
    if (refusal) return Promise.resolve(refusal);
    slowReaders.watch(outgoing);
    return app.fetch(request, env as ApiEnv["Bindings"]);
  });
  /** Does the same as the route of Hono, without the objects of the Fetch API, which cost more than the post itself. */
  const answerSubmission = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let refusal = refuse(incoming, outgoing);
    let text = "";
    try {
      if (!refusal) text = await submit(incoming, outgoing);
    } catch (error) {
      refusal = problemOf(error, services.logger, "a submission failed");
    }
    if (!incoming.complete) pipelines.beforeAnswer(incoming, outgoing);
    if (refusal) await answerBy(async () => refusal)(incoming, outgoing);
    else sendJson(outgoing, text, submitOperation.status);
    // Most answers are sent at once.
    if (outgoing.writableLength > 0 && !outgoing.closed) slowReaders.watch(outgoing);
  };
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    incoming.method === submitOperation.method && incoming.url === submitOperation.path
      ? answerSubmission(incoming, outgoing)
      : answerAny(incoming, outgoing);
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: connectionCheckMs,
      // Node.js would refuse such a request without a problem document.
      requireHostHeader: false,
    },
    answer,
  );
  // An expectation that nobody knows is ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", answer);
  server.on("connect", answerConnect);
  server.setTimeout(limits.idleTimeoutMs);
  server.on("clientError", answerClientError);
  const secure =
    tls &&
    new SecurePort(server, tls, {
      clock: services.clock,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      toll: tlsToll({ limiter, reads, proxies }),
    });
  const listener = secure?.listener ?? server;
  shareConnections(listener, limits.maxConnections, proxies);
  let endListening: () => Promise<void>;
  try {
    endListening = await listen(listener, host, port);
  } catch (error) {
    hub.close();
    slowReaders.close();
    throw error;
  }
  // A connection may fail, for example because no file descriptor is left. The server continues.
  listener.on("error", (error) => services.logger.error({ error: messageOf(error) }, "HTTP server"));
  const cancelLoading = services.clock.after(loadExplorerAfterMs, () => {
    loadExplorer().catch((error) =>
      services.logger.error({ error: messageOf(error) }, `no explorer: ${makeAgain}`),
    );
  });
  const bound = (listener.address() as AddressInfo).port;
  const close = async () => {
    isClosing = true;
    const cancel = services.clock.after(closeGraceMs, () => {
      server.closeAllConnections();
      secure?.cutOff();
    });
    const ended = endListening();
    cancelLoading();
    hub.close();
    slowReaders.close();
    server.closeIdleConnections();
    await ended;
    cancel();
  };
  return {
    url: `${tls ? "https" : "http"}://${dialable(host)}:${bound}`,
    port: bound,
    renew: (identity) => secure?.renew(identity),
    close,
    get eventStreams() {
      return hub.streams;
    },
  };
}

/** All of these are at 127.0.0.1, and browsers keep the keys of a page by the name in its address. */
const alsoIp4 = ["localhost", "0.0.0.0", "::"];

function dialable(host: string): string {
  if (alsoIp4.includes(host)) return "127.0.0.1";
  return isIPv6(host) ? `[${host}]` : host;
}
