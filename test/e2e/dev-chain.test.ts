import { Agent } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signerFromSeed } from "../../src/accounts/index.ts";
import { fetchBy } from "../../src/cli/tls-fetch.ts";
import { fromHex } from "../../src/util/bytes.ts";
import { cloneProject } from "./harness/clone.ts";
import type { Status } from "./harness/node.ts";
import type { Process } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { Wallet } from "./harness/wallet.ts";
import { createWorld } from "./harness/world.ts";

interface Summary {
  url: string;
  explorer: string;
  wallet: { address: string; key: string };
  genesisId: string;
  folder: string;
  deleted: boolean;
}

test("npm start in a fresh clone runs a chain of one node, which the next start continues or, with --reset, replaces", async () => {
  const world = createWorld();
  const clone = cloneProject(world);
  const start = (...args: string[]) => world.start("npm start", ["npm", "start", ...args], { cwd: clone });
  const summary = async (...args: string[]) => {
    const node = start("--silent", "--", "--json", ...args);
    const line = await until("it says where it is", () => node.end ?? /^\{.*\}$/m.exec(node.stdout)?.[0], {
      timeoutMs: 60_000,
    });
    if (typeof line !== "string") throw new Error(`it ended with ${node.end?.code}`);
    return { ...(JSON.parse(line) as Summary), node };
  };
  const get = async <T>(url: string) => (await (await fetch(url)).json()) as T;
  const head = async (url: string) => (await get<Status>(`${url}/v1/status`)).head!;

  const first = await summary();
  expect(first.folder).toBe(join(clone, "data/dev"));
  // A chain of one authority is what was asked for.
  expect(first.node.stderr).not.toContain("fewer than four authorities");
  expect(first.explorer).toBe(`http://127.0.0.1:63262/#/wallet?key=${first.wallet.key}`);
  const account = `${first.url}/v1/accounts/${first.wallet.address}`;
  expect((await get<{ balance: string }>(account)).balance).toBe("1000000000");

  // The printed key can send a transfer.
  const wallet = new Wallet(signerFromSeed(fromHex(`0x${first.wallet.key}`)), first.genesisId);
  const { id, body } = await wallet.transfer(wallet.address, 5n, 1n);
  const headers = { "content-type": "application/json" };
  await fetch(`${first.url}/v1/transactions`, { method: "POST", headers, body: JSON.stringify(body) });
  const status = () => get<{ status: string }>(`${first.url}/v1/transactions/${id}`);
  await until("the transfer is final", async () => (await status()).status === "finalized");
  const before = await head(first.url);

  const second = await start("--silent", "--", "--json").ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('"code":"IN_USE"');
  const refused = await start("--silent", "--", "--json", "--reset").ended;
  expect(refused.stderr).toContain('"code":"IN_USE"');

  await stop(first.node);
  const again = await summary();
  expect(again).toMatchObject({ genesisId: first.genesisId, wallet: first.wallet, deleted: false });
  await until("it goes on", async () => (await head(again.url)).height > before.height);
  const { timestamp, height } = await head(again.url);
  expect(timestamp - before.timestamp).toBeGreaterThanOrEqual((height - before.height) * 1_000);
  await stop(again.node);

  const anew = await summary("--reset");
  expect(anew.deleted).toBe(true);
  expect(anew.genesisId).not.toBe(first.genesisId);
  await stop(anew.node);

  // Without --json, the summary is a text for people.
  const text = start();
  await until("it says how to stop it", () => text.end ?? text.stdout.includes("Ctrl-C stops it"));
  expect(text.stdout).toContain(anew.explorer);
  await stop(text);
});

test.each([
  ["another port", []],
  ["HTTPS at another port", ["--tls"]],
])("the printed command and the page's coins reach a development chain at %s", async (_, tls) => {
  const world = createWorld();
  const clone = cloneProject(world);
  const args = ["start", "--", "--port=0", "--http-port=0", ...tls];
  const node = world.start("npm start", ["npm", ...args], { cwd: clone });
  await until("it says how to stop it", () => node.end ?? node.stdout.includes("Ctrl-C stops it"), {
    timeoutMs: 60_000,
  });
  const [, send] = /^send +(.*)$/m.exec(node.stdout)!;
  const sent = await world.start("the printed line", ["bash", "-c", send!], { cwd: clone }).ended;
  expect(sent.code, sent.stderr).toBe(0);

  const url = /(https?:\/\/\S+)\/v1\/status/.exec(node.stdout)![1]!;
  const ask = tls.length > 0 ? fetchBy(new Agent({ rejectUnauthorized: false })) : fetch;
  const { address } = signerFromSeed(new Uint8Array(32));
  const given = await ask(`${url}/v1/accounts/${address}/coins`, { method: "POST" });
  expect(given.status, await given.text()).toBe(202);
  await stop(node);
});

/** Stops npm and the node as Ctrl-C does. npm ends by the signal, before or after the node. */
async function stop(npm: Process): Promise<void> {
  npm.signalGroup("SIGINT");
  await npm.ended;
  await until("the node has ended", () => !isRunning(npm.pid));
}

/** True while a process of the group is left. */
function isRunning(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
