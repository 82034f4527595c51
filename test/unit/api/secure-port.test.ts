import { generateKeyPairSync } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { request } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { selfMadeCertificate } from "../../../src/accounts/self-made-certificate.ts";
import type { TlsIdentity } from "../../../src/api/index.ts";
import { freeToll, SecurePort } from "../../../src/api/secure-port.ts";
import { serveProblem } from "../../../src/api/serve-problem.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { tlsClient } from "../../attacks/lib/tls-client.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { rawConnection, secureConnection } from "./raw.ts";

function makeIdentity(): TlsIdentity {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = { dns: ["localhost"], ip: ["127.0.0.1"] };
  return {
    cert: selfMadeCertificate(privateKey, names, Date.now()),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const identity = makeIdentity();
let node: Fixture;

const live = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const closedWithin = (socket: Socket, ms: number) =>
  Promise.race([
    new Promise((resolve) => socket.on("error", () => undefined).once("close", () => resolve(true))),
    pause(ms).then(() => false),
  ]);

/** The bytes with which a client begins a handshake. */
async function clientHello(): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.on("error", () => undefined).once("data", resolve));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  const client = connectTls(port, "127.0.0.1").on("error", () => undefined);
  const bytes = await promise;
  client.destroy();
  server.close();
  return bytes;
}

/** A hello in two records, of which the first holds ten bytes of it. */
function inPieces(hello: Buffer): Buffer {
  const record = (part: Buffer) => Buffer.concat([hello.subarray(0, 3), Buffer.from([0, part.length]), part]);
  const message = hello.subarray(5);
  return Buffer.concat([record(message.subarray(0, 10)), record(message.subarray(10, 200))]);
}

const start = async (options: Parameters<typeof startFixture>[0] = {}) => {
  node = await startFixture({ tls: identity, ...options });
  onTestFinished(() => node.close());
  return node.server.port;
};

describe("a server with TLS", () => {
  it("answers HTTPS, by a certificate that a client can check", async () => {
    const port = await start();
    expect(node.server.url).toBe(`https://127.0.0.1:${port}`);
    const status = await new Promise((resolve, reject) => {
      request(`https://localhost:${port}/v1/status`, { ca: identity.cert, agent: false }, (answer) => {
        resolve(answer.statusCode);
        answer.resume();
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("answers on both addresses of this machine as localhost", async () => {
    const port = await start({ host: "localhost" });
    const addresses = Object.values(networkInterfaces()).flatMap((list) =>
      list!.map(({ address }) => address),
    );
    for (const host of ["127.0.0.1", "::1"].filter((address) => addresses.includes(address))) {
      const connection = secureConnection(port, `${live}connection: close\r\n\r\n`, {
        host,
        rejectUnauthorized: false,
      });
      await connection.until('{"status":"live"}');
    }
  });

  it("checks names and origins as without", async () => {
    const port = await start();
    const ask = (headers: string) =>
      secureConnection(port, `GET /v1/status HTTP/1.1\r\n${headers}connection: close\r\n\r\n`, {
        ca: identity.cert,
      }).closed;
    expect(await ask("host: evil.example\r\n")).toContain("FORBIDDEN_HOST");
    expect(await ask("host: localhost\r\norigin: https://evil.example\r\n")).toContain("FORBIDDEN_ORIGIN");
    expect(await ask(`host: localhost:${port}\r\norigin: https://localhost:${port}\r\n`)).toMatch(
      /^HTTP\/1.1 200 /,
    );
    expect(await ask("host: localhost\r\nsec-fetch-site: cross-site\r\n")).toContain("FORBIDDEN_ORIGIN");
  });

  it("tells who speaks plain HTTP what to do, and leads a person's browser there", async () => {
    const port = await start();
    const ask = (line: string, headers = "") =>
      rawConnection(port, `${line} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`).closed;
    const host = `host: localhost:${port}\r\n`;
    for (const line of ["GET /v1/status", "POST /v1/transactions"])
      expect(await ask(line, host)).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"HTTPS_REQUIRED"/);
    expect(await ask("GET /docs", `${host}accept: text/html,*/*\r\n`)).toMatch(
      new RegExp(`^HTTP/1\\.1 307 [\\s\\S]*\\nlocation: https://localhost:${port}/docs\r\n`, "i"),
    );
    expect(await ask("GET /", "host: evil.example\r\naccept: text/html\r\n")).toContain("FORBIDDEN_HOST");
    expect(await rawConnection(port, "hello\r\n\r\n").closed).toContain("MALFORMED");
  });

  it("cuts off a client that sends its headers too slowly", async () => {
    const port = await start({ limits: { headersTimeoutMs: 300 } });
    const slow = secureConnection(port, live, { ca: identity.cert });
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
  });

  it("uses another certificate from the next connection on, and refuses one without its key", async () => {
    const port = await start();
    const fingerprint = () =>
      new Promise<string>((resolve, reject) => {
        const socket: TLSSocket = connectTls(port, "127.0.0.1", { rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()!.fingerprint256);
          socket.destroy();
        }).on("error", reject);
      });
    const before = await fingerprint();
    const other = makeIdentity();
    expect(() => node.server.renew({ ...other, key: identity.key })).toThrow();
    expect(await fingerprint()).toBe(before);
    node.server.renew(other);
    expect(await fingerprint()).not.toBe(before);
  });

  it("says why the node does not run", async () => {
    const problem = { code: "WRITE_FAILED", detail: "no room", clock: systemClock, tls: identity } as const;
    const port = await start();
    await node.server.close();
    const server = await serveProblem({ host: "127.0.0.1", port, ...problem });
    const asked = secureConnection(port, `${live}\r\n`, { ca: identity.cert });
    expect(await asked.closed).toMatch(/^HTTP\/1\.1 503 [\s\S]*"code":"WRITE_FAILED"/);
    const halfOpen = connect(port, "127.0.0.1");
    const cut = closedWithin(halfOpen, 2_000);
    await new Promise((resolve) => halfOpen.once("connect", resolve));
    await server.close();
    expect(await cut).toBe(true);
  });
});

describe("a handshake that does not end", () => {
  const half: [string, (hello: Buffer) => Uint8Array][] = [
    ["no bytes", () => Buffer.alloc(0)],
    ["half of its hello", (hello) => hello.subarray(0, 100)],
    ["its hello and nothing more", (hello) => hello],
  ];

  it.each(half)("cuts off a handshake that stops after a client sent %s", async (_, part) => {
    const port = await start({ limits: { handshakeTimeoutMs: 300, headersTimeoutMs: 60_000 } });
    const client = rawConnection(port, part(await clientHello()));
    expect(await closedWithin(client.socket, 3_000)).toBe(true);
  });

  it.each(half)("takes a place of its client, after it sent %s", async (_, part) => {
    const port = await start({ limits: { maxConnections: 2 } });
    const open = [1, 2].map(() => connect(port, "127.0.0.1"));
    const hello = await clientHello();
    for (const socket of open) socket.on("error", () => undefined).write(part(hello));
    await pause(100);
    const third = secureConnection(port, `${live}\r\n`, { ca: identity.cert });
    expect(await third.closed).toBe("");
    for (const socket of open) socket.destroy();
    await expect
      .poll(() => secureConnection(port, `${live}connection: close\r\n\r\n`, { ca: identity.cert }).closed)
      .toContain("live");
  });

  it.each(half)(
    "a handshake that stops after a client sent %s does not hold up the end of the node",
    async (_, part) => {
      const port = await start({ limits: { handshakeTimeoutMs: 60_000 } });
      const client = rawConnection(port, part(await clientHello()));
      await pause(100);
      const startedAt = performance.now();
      await node.server.close();
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      await client.closed;
    },
  );

  it("refuses a hello in pieces, whose work would be done in no turn", async () => {
    const port = await start();
    const client = rawConnection(port, inPieces(await clientHello()));
    expect(await closedWithin(client.socket, 2_000)).toBe(true);
  });
});

it("a connection does not renegotiate, which would be work without end", async () => {
  const port = await start();
  const { socket } = secureConnection(port, "", { ca: identity.cert, maxVersion: "TLSv1.2" });
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  const renewed = new Promise((resolve) =>
    (socket as TLSSocket).renegotiate({ rejectUnauthorized: false }, (error) =>
      resolve(error ?? "renegotiated"),
    ),
  );
  expect(await Promise.race([renewed, pause(1_000)])).not.toBe("renegotiated");
  socket.destroy();
});

it("answers a request in records of one byte, and cuts off a client that asks for new keys without end", async () => {
  const port = await start({ limits: { localRate: { perSecond: 1, burst: 200 } } });
  const client = await tlsClient(connect(port, "127.0.0.1"));
  const answered = new Promise((resolve) => client.socket.once("data", resolve));
  client.socket.write(Buffer.concat([...`${live}\r\n`].map((letter) => client.text(letter))));
  await answered;
  client.socket.write(Buffer.concat(Array.from({ length: 50 }, () => client.newKeys())));
  expect(await closedWithin(client.socket, 200)).toBe(false);
  const ended = new Promise((resolve) => client.socket.once("close", resolve));
  client.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => client.newKeys())));
  await ended;
});

it("a connection that gives way to another client's ends for HTTP too", async () => {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const http = createHttpServer().on("connection", resolve);
  const port = new SecurePort(http, identity, {
    clock: systemClock,
    handshakeTimeoutMs: 1_000,
    toll: freeToll,
  });
  const raw: Socket[] = [];
  port.listener.on("connection", (socket) => void raw.push(socket));
  await new Promise<void>((listening) => port.listener.listen(0, "127.0.0.1", listening));
  const { port: number } = port.listener.address() as { port: number };
  const client = secureConnection(number, "", { ca: identity.cert });
  const within = await accepted;
  const ended = new Promise((closed) => within.once("close", closed));
  raw[0]!.destroy();
  await Promise.all([ended, client.closed]);
  await new Promise((closed) => port.listener.close(closed));
});

it("ends connections that are open within TLS", async () => {
  const port = await start({ limits: { keepAliveTimeoutMs: 60_000 } });
  const kept = secureConnection(port, `${live}\r\n`, { ca: identity.cert });
  await kept.until("live");
  const events = secureConnection(port, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n", {
    ca: identity.cert,
  });
  await events.until("retry:");
  const silent = secureConnection(port, "", { ca: identity.cert });
  await new Promise((resolve) => silent.socket.once("secureConnect", resolve));
  await node.server.close();
  await Promise.all([kept.closed, events.closed, silent.closed]);
});
