import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { connect, type Socket } from "node:net";
import type { JobTarget } from "./job.ts";

/** Sends requests from one of the attacker's addresses over persistent connections. */
export class HttpClient {
  readonly #agents: { http: http.Agent; https: https.Agent };
  readonly #localAddress: string;

  constructor(localAddress: string, maxSockets = 64) {
    this.#localAddress = localAddress;
    const options = { keepAlive: true, maxSockets };
    this.#agents = {
      http: new http.Agent(options),
      https: new https.Agent({ ...options, rejectUnauthorized: false }),
    };
  }

  /** Resolves to the status code, or to 0 without an answer; discards the body. */
  send(
    target: JobTarget,
    path: string,
    body?: { type: string; bytes: Uint8Array },
    signal?: AbortSignal,
  ): Promise<number> {
    const isSecure = target.url.startsWith("https:");
    return new Promise((resolve) => {
      const sent = (isSecure ? https : http).request(
        target.url + path,
        {
          agent: isSecure ? this.#agents.https : this.#agents.http,
          localAddress: this.#localAddress,
          method: body ? "POST" : "GET",
          timeout: 30_000,
          ...(body && { headers: { "content-type": body.type, "content-length": body.bytes.length } }),
          ...(signal && { signal }),
        },
        (answer) => {
          answer.resume();
          answer.once("close", () => resolve(answer.statusCode ?? 0));
        },
      );
      sent.once("error", () => resolve(0));
      sent.once("timeout", () => sent.destroy());
      sent.end(body?.bytes);
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** Opens a raw connection to the host and port of a target. */
export async function openSocket(
  host: string,
  port: number,
  localAddress: string,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connect({ host, port, localAddress });
  socket.on("error", () => undefined);
  signal.addEventListener("abort", () => socket.destroy(), { once: true });
  await once(socket, "connect");
  return socket;
}

export function hostAndPort(target: JobTarget): { host: string; port: number; p2pPort: number } {
  const { hostname, port } = new URL(target.url);
  return { host: hostname, port: Number(port), p2pPort: Number(target.multiaddr.split("/")[4]) };
}

export function get(path: string, host: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
}
