import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cloneProject } from "./harness/clone.ts";
import type { BlockAnswer, Status } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const count = 4;

test("scripts/devnet.sh in a fresh clone prints URLs, carries a transfer, and leaves no process after Ctrl-C", async () => {
  const world = createWorld();
  const clone = cloneProject(world);

  // Runs as on a machine with only Node, npm and git.
  const devnet = world.start("devnet", ["scripts/devnet.sh", String(count)], { cwd: clone });
  await until("it prints how to send", () => devnet.end || devnet.stdout.includes("Ctrl-C stops"), {
    timeoutMs: 60_000,
  });
  const rows = [...devnet.stdout.matchAll(/^node (\d+) +(http:\S+) +(cc1\S+)$/gm)];
  expect(rows.map(([, id]) => Number(id))).toEqual([1, 2, 3, 4]);
  const get = async <T>(url: string, path: string) => (await (await fetch(url + path)).json()) as T;
  const urls = rows.map(([, , url]) => url!);
  for (const url of urls) expect((await get<Status>(url, "/v1/status")).mode).toBe("ready");

  const [, send] = /^ +(npm run .* send .*)$/m.exec(devnet.stdout)!;
  const { code, stdout, stderr } = await world.start("the printed line", ["bash", "-c", send!], {
    cwd: clone,
  }).ended;
  expect(code, stderr).toBe(0);
  const id = /0x[0-9a-f]{64}/.exec(stdout)![0];
  for (const url of urls) {
    await until("the transfer is in a block", async () => {
      const { block } = await get<{ block: BlockAnswer | null }>(url, `/v1/transactions/${id}`);
      return block;
    });
  }

  const data = /--datadir=(\S+)/.exec(send!)![1]!;
  expect(processesOf(data).length).toBeGreaterThanOrEqual(count);
  devnet.signalGroup("SIGINT");
  const end = await devnet.ended;
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: "" });
  expect(processesOf(data)).toEqual([]);
  expect(existsSync(data)).toBe(false);
});

/** Returns the command lines that contain `text`. */
function processesOf(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(text));
}
