import { constants } from "node:crypto";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Clock } from "../util/clock.ts";
import { helloState } from "./client-hello.ts";

/** The proof of a TLS server's name, both in PEM: its certificate, perhaps with those above it, and its key. */
export interface TlsIdentity {
  cert: string;
  key: string;
}

/** Calls `begin` when the client may have a handshake. Rejects if it may not. */
export type AdmitHandshake = (address: string, begin: () => void) => Promise<void>;

export interface SecurePortParts {
  clock: Clock;
  /** The time for the first bytes of a client, and then for its handshake. */
  handshakeTimeoutMs: number;
  admit: AdmitHandshake;
}

/**
 * TLS as a layer below an HTTP server, which does not listen itself: `listener` does. A connection that begins with
 * anything but a handshake goes to the HTTP server as it is, so that plain HTTP gets an answer.
 */
export class SecurePort {
  readonly listener: Server;
  readonly #http: HttpServer;
  readonly #tls: TlsServer;
  readonly #parts: SecurePortParts;
  readonly #open = new Set<Socket>();

  constructor(http: HttpServer, identity: TlsIdentity, parts: SecurePortParts) {
    this.#http = http;
    this.#parts = parts;
    this.#tls = createTlsServer({
      ...identity,
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: parts.handshakeTimeoutMs,
      // A client could ask for any number of them on one connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
    this.#tls.on("secureConnection", (socket) => http.emit("connection", socket));
    // A client that fails at its handshake concerns nobody else.
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
    this.listener = createServer((socket) => this.#begin(socket));
    // Node.js looks for requests that take too long on servers that listen.
    this.listener.on("listening", () => http.emit("listening"));
    // The HTTP server itself does not listen, and reports that as an error when it is closed.
    this.listener.on("close", () => http.close(() => undefined));
  }

  /** New connections get this certificate. @throws if the key is not that of the certificate */
  renew(identity: TlsIdentity): void {
    this.#tls.setSecureContext({ ...identity, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
  }

  /** Cuts off all connections, also those without a request or a handshake. */
  cutOff(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #begin(socket: Socket): void {
    // A "close" event follows.
    socket.on("error", () => undefined);
    this.#open.add(socket);
    const cancel = this.#parts.clock.after(this.#parts.handshakeTimeoutMs, () => socket.destroy());
    socket.once("close", () => {
      cancel();
      this.#open.delete(socket);
    });
    let bytes: Buffer = Buffer.alloc(0);
    const look = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const state = helloState(bytes);
      if (state === "incomplete") return;
      socket.off("data", look);
      socket.pause();
      socket.unshift(bytes);
      if (state === "refused") socket.destroy();
      else if (state === "other") {
        cancel();
        this.#http.emit("connection", socket);
        socket.resume();
      } else this.#admit(socket, cancel);
    };
    socket.on("data", look);
  }

  #admit(socket: Socket, cancel: () => void): void {
    const begin = () => {
      // From now on the time-out of the TLS server counts.
      cancel();
      if (!socket.destroyed) this.#tls.emit("connection", socket);
    };
    this.#parts.admit(socket.remoteAddress ?? "", begin).catch(() => socket.destroy());
  }
}
