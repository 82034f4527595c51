import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { parseNodeOptions } from "../../../src/config/index.ts";
import { keepRunning, minRoomBytes } from "../../../src/node/keep-running.ts";
import type { RunningNode } from "../../../src/node/running-node.ts";
import { CodedError, UserError } from "../../../src/util/errors.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const writeFailed = new CodedError("WRITE_FAILED", "cannot write to the database");
const minuteMs = 60_000;
/** Opening and closing a port takes real time. */
const patience = { timeout: 60_000 };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

interface Disk {
  free: number;
}

/** Makes runs of a node that end on command; those in `failing` fail while they start, in order. */
async function kept({
  free = minRoomBytes,
  failing = [] as ((disk: Disk) => Error | undefined)[],
  httpPort = undefined as number | undefined,
} = {}) {
  const clock = new ManualClock();
  const lives: { end: (error: Error) => void; stopped: boolean }[] = [];
  const disk: Disk = { free };
  const ports: number[] = [];
  const node = await keepRunning(
    parseNodeOptions({ nodeId: 1, dataDir: "/nowhere", httpPort: httpPort ?? (await freePort()) }, {}),
    {
      clock,
      logger: silentLogger,
      freeBytes: () => disk.free,
      start: async ({ httpPort }) => {
        ports.push(httpPort);
        const failure = failing.shift()?.(disk);
        if (failure) throw failure;
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        const life = { end: reject, stopped: false };
        lives.push(life);
        const running: RunningNode = {
          url: new URL(`${httpPort === 443 ? "https" : "http"}://127.0.0.1:${httpPort}`).origin,
          https: undefined,
          joinLine: undefined,
          reload: async () => undefined,
          exitCode: promise,
          stop: async () => {
            life.stopped = true;
            resolve(0);
          },
        };
        return running;
      },
    },
  );
  return { node, clock, lives, disk, ports };
}

function lifeNumber(count: number, lives: readonly unknown[], clock: ManualClock): Promise<void> {
  return vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(lives.length).toBe(count);
  }, patience);
}

describe("a node whose disk is full", () => {
  test("restarts when there is room, and ends when it is stopped", async () => {
    const { node, clock, lives, disk } = await kept();
    disk.free = minRoomBytes - 1;
    lives[0]!.end(writeFailed);
    await clock.advance(10 * minuteMs);
    expect(lives.length).toBe(1);
    disk.free = minRoomBytes;
    await lifeNumber(2, lives, clock);
    await node.stop("test");
    expect(lives[1]!.stopped).toBe(true);
    expect(await node.exitCode).toBe(0);
  });

  test("answers until then that it cannot write", async () => {
    const { node, clock, lives, disk } = await kept();
    disk.free = 0;
    lives[0]!.end(writeFailed);
    await clock.advance(0);
    const answer = await vi.waitFor(() => fetch(`${node.url}/v1/status`), patience);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      code: "WRITE_FAILED",
      detail: expect.stringContaining("0 MiB left"),
    });
    await node.stop("test");
    expect(await node.exitCode).toBe(0);
    await expect(fetch(node.url)).rejects.toThrow();
  });

  test("waits again if the disk is full during the restart", async () => {
    const fillsUp = (disk: Disk) => {
      disk.free = 0;
      return new Error("ENOSPC");
    };
    const failing = [() => undefined, fillsUp];
    const { node, clock, lives, disk } = await kept({ failing });
    disk.free = 0;
    lives[0]!.end(writeFailed);
    await clock.advance(minuteMs);
    disk.free = minRoomBytes;
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(failing).toEqual([]);
    }, patience);
    await clock.advance(minuteMs);
    expect([lives.length, disk.free]).toEqual([1, 0]);
    disk.free = minRoomBytes;
    await lifeNumber(2, lives, clock);
    await node.stop("test");
  });

  test("says so if the disk is full at the first start", async () => {
    await expect(kept({ free: 0, failing: [() => new Error("ENOSPC")] })).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringContaining("has 0 MiB left"),
    });
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const account = new UserError("cannot write account.json", "CANNOT_WRITE", { cause: full });
    await expect(kept({ free: 0, failing: [() => account] })).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringContaining("has 0 MiB left"),
    });
    await expect(kept({ failing: [() => account] })).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/takes no more .* although it has 32 MiB left: a quota/),
    });
    const other = new UserError("the port is in use", "PORT_IN_USE");
    await expect(kept({ free: 0, failing: [() => other] })).rejects.toBe(other);
  });
});

test("a full disk does not hide another reason for which a node ends", async () => {
  const { node, lives, disk } = await kept();
  disk.free = 0;
  const failure = new UserError("no genesis block", "NO_GENESIS");
  lives[0]!.end(failure);
  await expect(node.exitCode).rejects.toBe(failure);
});

describe("a write that fails though there is room", () => {
  test("restarts the node long after its start, and ends it soon after its start", async () => {
    const { node, clock, lives } = await kept();
    await clock.advance(minuteMs);
    lives[0]!.end(writeFailed);
    await clock.advance(0);
    expect(lives.length).toBe(2);
    await clock.advance(minuteMs - 1);
    lives[1]!.end(writeFailed);
    await expect(node.exitCode).rejects.toBe(writeFailed);
  });

  test.each([443, 80])("restarts the node on its port %i, which a URL does not write", async (httpPort) => {
    const { node, clock, lives, ports } = await kept({ httpPort });
    await clock.advance(minuteMs);
    lives[0]!.end(writeFailed);
    await clock.advance(0);
    expect(ports).toEqual([httpPort, httpPort]);
    await node.stop("test");
  });

  test("any other failure ends the node", async () => {
    const { node, lives, clock } = await kept();
    await clock.advance(minuteMs);
    const failure = new Error("something else");
    lives[0]!.end(failure);
    await expect(node.exitCode).rejects.toBe(failure);
  });
});
