import { EventEmitter } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { withBody } from "../../../src/api/body.ts";
import { type Holding, holder, Shares, shareConnections } from "../../../src/api/shares.ts";
import { TrustedProxies } from "../../../src/api/trusted-proxies.ts";

/** Holdings that note which of them gave way. */
function holdings(most: number) {
  const shares = new Shares(most);
  const dropped: string[] = [];
  const hold = (address: string, size: number, name = address, mayDrop = true) => {
    const drop = () => void dropped.push(name);
    const holding: Holding = { client: holder(address), size: 0, mayDrop: () => mayDrop, drop };
    return { holding, isIn: shares.grow(holding, size) };
  };
  return { shares, dropped, hold };
}

test("lets one client hold everything until another comes, for which its oldest holding gives way", () => {
  const { shares, dropped, hold } = holdings(10);
  for (const name of ["first", "second", "third"]) expect(hold("192.0.2.1", 3, name).isIn).toBe(true);
  expect(hold("192.0.2.1", 3).isIn).toBe(false);
  expect(hold("192.0.2.2", 3).isIn).toBe(true);
  expect(dropped).toEqual(["first"]);
  expect(shares.total).toBe(9);
});

test("does not evict a holding for a client that would then hold as much, so that no two evict each other in turns", () => {
  const { dropped, hold } = holdings(10);
  expect(hold("192.0.2.1", 5).isIn).toBe(true);
  expect(hold("192.0.2.2", 5).isIn).toBe(true);
  expect(hold("192.0.2.1", 1).isIn).toBe(false);
  expect(hold("192.0.2.2", 1).isIn).toBe(false);
  expect(dropped).toEqual([]);
  expect(hold("192.0.2.3", 4).isIn).toBe(true);
  expect(hold("192.0.2.4", 5).isIn).toBe(false);
  expect(dropped).toEqual(["192.0.2.1"]);
});

test("evicts others for this machine, but never this machine for others", () => {
  const { dropped, hold } = holdings(10);
  expect(hold("127.0.0.1", 6).isIn).toBe(true);
  expect(hold("192.0.2.1", 4).isIn).toBe(true);
  expect(hold("192.0.2.2", 1).isIn).toBe(true);
  expect(dropped).toEqual(["192.0.2.1"]);
  expect(hold("::1", 4).isIn).toBe(true);
  expect(dropped).toEqual(["192.0.2.1", "192.0.2.2"]);
  expect(hold("192.0.2.2", 1).isIn).toBe(false);
  expect(hold("127.0.0.1", 1).isIn).toBe(false);
});

test("keeps a holding that is in use", () => {
  const { dropped, hold } = holdings(10);
  hold("192.0.2.1", 5, "in use", false);
  hold("192.0.2.1", 5, "idle");
  expect(hold("192.0.2.2", 3).isIn).toBe(true);
  expect(dropped).toEqual(["idle"]);
  expect(hold("192.0.2.2", 3).isIn).toBe(false);
});

test("frees a released or evicted holding once", () => {
  const { shares, hold } = holdings(10);
  const { holding } = hold("192.0.2.1", 8);
  hold("192.0.2.2", 5);
  expect(shares.total).toBe(5);
  shares.release(holding);
  expect(shares.total).toBe(5);
});

class Connection extends EventEmitter {
  remoteAddress: string;
  destroyed = false;
  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

/** Makes connections to a server with four places for them. */
function connections(proxies: readonly string[] = []) {
  const server = Object.assign(new EventEmitter(), { maxConnections: 0 });
  shareConnections(server as unknown as Server, 4, new TrustedProxies(proxies));
  const connect = (address: string) => {
    const connection = new Connection(address);
    server.emit("connection", connection);
    return connection;
  };
  return { server, connect };
}

test("connections of one address, however many, keep out no other", () => {
  const { server, connect } = connections();
  const flood = Array.from({ length: 6 }, () => connect("192.0.2.1"));
  expect(flood.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false, true, true]);
  const others = [connect("192.0.2.2"), connect("127.0.0.1")];
  expect(others.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  expect(flood.filter(({ destroyed }) => !destroyed)).toHaveLength(2);
  others[0]!.destroy();
  expect(connect("192.0.2.1").destroyed).toBe(false);
  expect(server.maxConnections).toBeGreaterThan(4);
});

test("connections of a trusted proxy, which serve many, give way to nobody", () => {
  const { connect } = connections(["192.0.2.1"]);
  const all = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"].map(connect);
  expect(all.map(({ destroyed }) => destroyed)).toEqual([false, false, false, true, true, false]);
});

const free = () => undefined;

/** A request whose body is read once the event of its headers has ended: tests wait for that by `await null`. */
function body(address: string) {
  const socket = {
    remoteAddress: address,
    isDestroyed: false,
    destroy: () => {
      socket.isDestroyed = true;
    },
  };
  return Object.assign(new EventEmitter(), { headers: {}, socket, pause: () => undefined });
}

test("a body that never ends gives way to that of another client, and one that is being processed gets no more memory", async () => {
  const shares = new Shares(100_000);
  const read = (
    incoming: ReturnType<typeof body>,
    use: Parameters<typeof withBody<number>>[2] = async (bytes) => bytes.length,
  ) => withBody(incoming as unknown as IncomingMessage, { maxBytes: 100_000, shares, charge: free }, use);
  const stalled = body("192.0.2.1");
  const stalling = read(stalled);
  await null;
  stalled.emit("data", Buffer.alloc(90_000));
  const honest = body("192.0.2.2");
  const answered = read(honest);
  await null;
  honest.emit("data", Buffer.alloc(40_000));
  await expect(stalling).rejects.toMatchObject({ code: "OVERLOADED" });
  honest.emit("end");
  expect(await answered).toBe(40_000);
  expect(shares.total).toBe(0);

  const others = Promise.withResolvers<void>();
  const first = body("192.0.2.1");
  const processing = read(first, async (bytes, memory) => {
    memory.hold(9_000);
    expect(shares.total).toBe(99_000);
    memory.hold(9_000);
    expect(memory.taken.aborted).toBe(false);
    await others.promise;
    expect(memory.taken.aborted).toBe(true);
    expect(() => memory.hold(0)).toThrow("too many");
    return bytes.length;
  });
  await null;
  first.emit("data", Buffer.alloc(90_000));
  first.emit("end");
  await setImmediate();
  const second = body("192.0.2.2");
  const local = body("127.0.0.1");
  const both = [
    read(second, async (_, memory) => {
      expect(() => memory.hold(60_000)).toThrow("too many");
      return 2;
    }),
    // Programs of the machine itself hold what they need.
    read(local, async (_, memory) => {
      memory.hold(60_000);
      return 3;
    }),
  ];
  await null;
  second.emit("data", Buffer.alloc(40_000));
  local.emit("data", Buffer.alloc(40_000));
  second.emit("end");
  local.emit("end");
  expect(await Promise.all(both)).toEqual([2, 3]);
  others.resolve();
  expect(await processing).toBe(90_000);
  expect(shares.total).toBe(0);
});

test("a body in crumbs is not read to its end, one in pieces is", async () => {
  const shares = new Shares(1e6);
  const read = (incoming: ReturnType<typeof body>) =>
    withBody(
      incoming as unknown as IncomingMessage,
      { maxBytes: 1e6, shares, charge: free },
      async (bytes) => bytes.length,
    );
  const crumbs = body("192.0.2.1");
  const reading = read(crumbs);
  await null;
  for (let sent = 0; sent < 1_025; sent++) crumbs.emit("data", Buffer.alloc(1));
  await expect(reading).rejects.toMatchObject({ code: "MALFORMED" });
  expect([crumbs.socket.isDestroyed, shares.total]).toEqual([true, 0]);
  const pieces = body("192.0.2.1");
  const whole = read(pieces);
  await null;
  for (let sent = 0; sent < 1_500; sent++) pieces.emit("data", Buffer.alloc(300));
  pieces.emit("end");
  expect(await whole).toBe(450_000);
});

test("a body is charged as it arrives, and its memory is returned once it has been used", async () => {
  const shares = new Shares(1e6);
  const charged: number[] = [];
  const charge = (bytes: number) => {
    charged.push(bytes);
    if (charged.length > 3) throw new Error("too fast");
  };
  const read = (incoming: ReturnType<typeof body>) =>
    withBody(
      incoming as unknown as IncomingMessage,
      { maxBytes: 1e6, shares, charge },
      async (bytes) => bytes,
    );
  const whole = body("192.0.2.1");
  const used = read(whole);
  await null;
  whole.emit("data", Buffer.alloc(1_000, 1));
  whole.emit("data", Buffer.alloc(2_000, 2));
  whole.emit("end");
  const { buffer } = await used;
  expect(charged).toEqual([1_000, 2_000]);
  expect(buffer.byteLength).toBe(0);

  const fast = body("192.0.2.1");
  const refused = read(fast);
  await null;
  fast.emit("data", Buffer.alloc(1_000));
  fast.emit("data", Buffer.alloc(1_000));
  await expect(refused).rejects.toThrow("too fast");
  expect(shares.total).toBe(0);
});
