import { createServer } from "node:http";
import type { Clock } from "../util/clock.ts";
import { defaultHttpLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { commonHeaders, type ProblemCode, problemJson, problems } from "./problem.ts";
import { freeToll, SecurePort, type TlsIdentity } from "./secure-port.ts";

/**
 * Answers every request with one problem, in place of a node that does not run. @throws {UserError} if it cannot
 * listen.
 */
export async function serveProblem(options: {
  host: string;
  port: number;
  code: ProblemCode;
  detail: string;
  clock: Clock;
  tls: TlsIdentity | undefined;
}): Promise<{ close(): Promise<void> }> {
  const { host, port, code, detail, clock, tls } = options;
  const headers = {
    ...commonHeaders,
    "content-type": "application/problem+json",
    connection: "close",
  };
  const server = createServer({ requireHostHeader: false }, (_request, response) => {
    response.writeHead(problems[code].status, headers).end(problemJson(code, detail));
  });
  const secure =
    tls &&
    new SecurePort(server, tls, {
      clock,
      handshakeTimeoutMs: defaultHttpLimits.handshakeTimeoutMs,
      // The node has no other work now.
      toll: freeToll,
    });
  const listener = secure?.listener ?? server;
  const endListening = await listen(listener, host, port);
  // A connection may fail, for example because no file descriptor is left. The next one may not.
  listener.on("error", () => undefined);
  return {
    close: async () => {
      const ended = endListening();
      server.closeAllConnections();
      secure?.cutOff();
      await ended;
    },
  };
}
