import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { BodyMemory, withBody } from "../../../src/api/body.ts";
import { BodyBytes } from "../../../src/api/body-bytes.ts";
import { Shares, thisMachine } from "../../../src/api/shares.ts";
import { rawConnection } from "./raw.ts";

test.each([[[]], [["a body"]], [["a ", "bo", "dy"]]])("puts pieces together: %j", (pieces) => {
  const body = new BodyBytes(100);
  for (const piece of pieces) body.add(Buffer.from(piece));
  expect(body.all.toString()).toBe(pieces.join(""));
  expect(body.length).toBe(pieces.join("").length);
  body.free();
  if (pieces.length < 2) expect(body.all).toHaveLength(0);
});

test("takes as much as the pieces, and returns it without a collection", () => {
  const before = process.memoryUsage.rss();
  const body = new BodyBytes(64 * 2 ** 20);
  const piece = Buffer.alloc(2 ** 20, 1);
  for (let count = 0; count < 48; count++) body.add(piece);
  expect(body.length).toBe(48 * 2 ** 20);
  const grown = process.memoryUsage.rss() - before;
  expect(grown).toBeGreaterThan(40 * 2 ** 20);
  expect(grown).toBeLessThan(64 * 2 ** 20);
  const { all } = body;
  body.free();
  expect(process.memoryUsage.rss() - before).toBeLessThan(16 * 2 ** 20);
  expect(all).toHaveLength(0);
});

test("a body that comes in one packet with its headers is read without events, unless it is too large", async () => {
  const limits = { maxBytes: 6, shares: new Shares(100), charge: () => undefined };
  const server = createServer(async (incoming, outgoing) => {
    const listen = vi.spyOn(incoming, "on");
    const body = await withBody(incoming, limits, async (body) => body.toString()).catch(({ code }) => code);
    outgoing.end(`${body}: ${listen.mock.calls.map(([name]) => name)}`);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const post = (body: string) =>
    `POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  expect(await rawConnection(port, post("a body")).closed).toMatch(/a body: $/);
  expect(await rawConnection(port, post("another")).closed).toMatch(/BODY_TOO_LARGE: $/);
});

test("memory besides a body: the most that was asked for counts, nothing is left for what gave way, and this machine has any", () => {
  const shares = new Shares(100);
  const memory = new BodyMemory("10.0.0.1", shares);
  for (const bytes of [60, 50, 90]) memory.hold(bytes);
  expect([shares.heldBy("10.0.0.1"), memory.size]).toEqual([90, 90]);
  memory.drop();
  expect(memory.taken.aborted).toBe(true);
  expect(() => memory.hold(1)).toThrow("too many");
  expect(() => new BodyMemory(thisMachine, shares).hold(1_000)).not.toThrow();
});
