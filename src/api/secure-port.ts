import { constants } from "node:crypto";
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../util/clock.ts";
import { commonHeaders, problemResponse } from "./problem.ts";
import { PaidConnection, type TlsToll } from "./tls-records.ts";

/** The proof of a TLS server's name, both in PEM: its certificate, perhaps with those above it, and its key. */
export interface TlsIdentity {
  cert: string;
  key: string;
}

export const freeToll: TlsToll = {
  handshake: async (_address, begin) => begin(),
  records: () => async (_records, bytes, pass) => pass(bytes),
};

export interface SecurePortParts {
  clock: Clock;
  /** The time for the first bytes of a client, and then for its handshake. */
  handshakeTimeoutMs: number;
  toll: TlsToll;
}

/**
 * TLS as a layer below an HTTP server, which does not listen itself: `listener` does. A connection that begins with
 * anything but a handshake goes to the HTTP server as it is, so that plain HTTP gets an answer.
 */
export class SecurePort {
  readonly listener: Server;
  readonly #http: HttpServer;
  readonly #parts: SecurePortParts;
  readonly #open = new Set<Socket>();
  #context: SecureContext;

  constructor(http: HttpServer, identity: TlsIdentity, parts: SecurePortParts) {
    this.#http = http;
    this.#parts = parts;
    this.#context = contextOf(identity);
    this.listener = createServer((socket) => this.#begin(socket));
    // Node.js looks for requests that take too long on servers that listen.
    this.listener.on("listening", () => http.emit("listening"));
    // The HTTP server itself does not listen, and reports that as an error when it is closed.
    this.listener.on("close", () => http.close(() => undefined));
  }

  /** New connections get this certificate. @throws if the key is not that of the certificate */
  renew(identity: TlsIdentity): void {
    this.#context = contextOf(identity);
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
    const address = socket.remoteAddress ?? "";
    const begin = () => {
      cancel();
      if (!socket.destroyed) this.#secure(socket, address);
    };
    this.#parts.toll.handshake(address, begin).catch(() => socket.destroy());
  }

  #secure(socket: Socket, address: string): void {
    const { clock, handshakeTimeoutMs, toll } = this.#parts;
    const secure = new TLSSocket(new PaidConnection(socket, toll.records(address)), {
      isServer: true,
      secureContext: this.#context,
      ALPNProtocols: ["http/1.1"],
    });
    // A TLS socket over a stream of this program knows no address.
    Object.defineProperty(secure, "remoteAddress", { value: address });
    const cancel = clock.after(handshakeTimeoutMs, () => socket.destroy());
    socket.once("close", cancel);
    secure.once("secure", () => {
      cancel();
      this.#http.emit("connection", secure);
    });
    // A client that fails at TLS concerns nobody else.
    secure.on("_tlsError", () => secure.destroy());
  }
}

function contextOf(identity: TlsIdentity): SecureContext {
  // A client could ask for any number of renegotiations on one connection.
  return createSecureContext({ ...identity, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
}

/** The content type of a TLS record (RFC 8446, 5.1), and the type of a handshake message (4). */
const handshakeRecord = 22;
const clientHello = 1;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
/** Browsers send less than 2 KiB, with post-quantum key shares too. */
const maxHelloBytes = 16 * 1024;

/**
 * Tells whether the first bytes of a connection are those of TLS. The last byte of a ClientHello causes the work of a
 * handshake, so it is passed on only in the client's turn. For this the ClientHello must be `complete` in one record,
 * as every client sends it; one in several records is `refused`.
 */
export function helloState(bytes: Buffer): "incomplete" | "complete" | "refused" | "other" {
  if (bytes.length === 0) return "incomplete";
  if (bytes[0] !== handshakeRecord) return "other";
  if (bytes.length < recordHeaderBytes + messageHeaderBytes) return "incomplete";
  const recordBytes = bytes.readUInt16BE(3);
  const messageBytes = messageHeaderBytes + bytes.readUIntBE(recordHeaderBytes + 1, 3);
  if (recordBytes > maxHelloBytes || bytes[recordHeaderBytes] !== clientHello || messageBytes > recordBytes)
    return "refused";
  return bytes.length < recordHeaderBytes + recordBytes ? "incomplete" : "complete";
}

/**
 * The answer to a request that came without TLS to a port that has it. A person who opens the page is led to the right
 * address; a program is told, because it would send the next request in the clear too. The `Host` is one that is
 * allowed.
 */
export function refusePlain(incoming: IncomingMessage): Response | undefined {
  const { socket, headers, method, url } = incoming;
  if (socket instanceof TLSSocket) return undefined;
  const isPage = method === "GET" && headers.accept?.includes("text/html") && url?.startsWith("/");
  if (isPage && headers.host !== undefined)
    return new Response(null, {
      status: 307,
      headers: { ...commonHeaders, location: `https://${headers.host}${url}`, connection: "close" },
    });
  return problemResponse(
    "HTTPS_REQUIRED",
    "this port speaks HTTPS: write https:// in place of http:// at the beginning of the address",
    { connection: "close" },
  );
}
