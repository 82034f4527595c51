import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf } from "../../src/util/errors.ts";
import { stopWithinMs } from "./harness/checks.ts";
import { createNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld, type World } from "./harness/world.ts";

test("a node whose log nobody reads starts, makes blocks and ends in order, and keeps the lines for a reader", async () => {
  const world = createWorld();
  const { path, read } = fullPipe(world);
  const enter = ["sh", "-c", `exec "$0" "$@" 2>${path}`];
  const { nodes } = await createNetwork(world, {
    nodes: [{ address: "127.0.0.1", enter }],
    periodMs: 200,
  });
  const node = nodes[0]!;
  node.start("--no-mdns");
  await makesBlocks(node);
  let log = "";
  await until("the lines come once somebody reads", () => {
    log += read();
    return log.includes("\n{") && log.includes('"msg":"node ');
  });
  expect(log).not.toContain("LOG LINES WERE LOST");
  await endsInOrder(node);
});

test("a node whose log file is on a full disk makes blocks, says later what was lost, and opens the file anew on SIGHUP", async () => {
  const world = createWorld();
  const disk = fullDisk(world);
  const file = join(disk.folder, "ccoin.log");
  const { nodes } = await createNetwork(world, { nodes: 1, periodMs: 200 });
  const node = nodes[0]!;
  node.start("--no-mdns", `--log-file=${file}`, "--log-level=debug");
  await makesBlocks(node);
  disk.makeRoom();
  await until("it says what was lost", () =>
    /"lines":\d+,"reason":"ENOSPC","msg":"LOG LINES WERE LOST"/.test(readFileSync(file, "utf8")),
  );
  rmSync(file);
  node.process.signal("SIGHUP");
  await until("there is a new file", () => readFileSync(file, "utf8").includes("\n"));
  await endsInOrder(node);
});

async function makesBlocks(node: TestNode): Promise<void> {
  const { head } = await node.ready();
  await node.height(head!.height + 3);
}

async function endsInOrder(node: TestNode): Promise<void> {
  const { code, stopMs, stderr } = await node.stop();
  expect(code, stderr).toBe(0);
  expect(stopMs).toBeLessThan(stopWithinMs());
}

/** Makes a named pipe that takes nothing more until it is read. */
function fullPipe(world: World): { path: string; read(): string } {
  const path = join(world.dataDir, "stderr");
  execFileSync("mkfifo", [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  world.onEnd(() => closeSync(pipe));
  untilBlocked(() => writeSync(pipe, Buffer.alloc(4_096, "\n")));
  return {
    path,
    read() {
      const parts: string[] = [];
      const buffer = Buffer.alloc(65_536);
      untilBlocked(() => parts.push(buffer.toString("utf8", 0, readSync(pipe, buffer))));
      return parts.join("");
    },
  };
}

function untilBlocked(work: () => unknown): void {
  try {
    for (;;) work();
  } catch (error) {
    if (codeOf(error) !== "EAGAIN") throw error;
  }
}

/** Mounts a disk that has room for a file, but not for its content. */
function fullDisk(world: World): { folder: string; makeRoom(): void } {
  const folder = join(world.dataDir, "log-disk");
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]);
  world.onEnd(() => execFileSync("umount", [folder]));
  const filler = join(folder, "filler");
  try {
    writeFileSync(filler, Buffer.alloc(2 ** 20));
  } catch (error) {
    if (codeOf(error) !== "ENOSPC") throw error;
  }
  return { folder, makeRoom: () => rmSync(filler) };
}
