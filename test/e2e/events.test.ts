import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EventReader, type NodeEvent } from "./harness/events.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import { createRandom, seed } from "./harness/random.ts";
import { Traffic } from "./harness/traffic.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const rounds = process.env["E2E_LONG"] ? 40 : 4;

test("the event stream resumes after kill -9 under load without missing or repeating an event", async () => {
  const random = createRandom();
  const network = await createNetwork(createWorld(), { nodes: 3, periodMs: 300 });
  const { nodes, wallets } = network;
  const [node] = nodes;
  await startAll(network);
  console.log(`seed ${seed}`);
  const reader = new EventReader(node!);
  await until("it reads", () => reader.events.length > 0);
  const traffic = new Traffic(network, 10);

  for (let round = 0; round < rounds; round++) {
    const before = reader.connections;
    await sleep(300 + random() * 900);
    await node!.kill();
    node!.start();
    await until("it reads on", () => reader.connections > before);
    // Some kills come before the node is ready, or while it still loads its chain.
    if (random() < 0.7) await node!.ready();
  }

  await node!.ready();
  await traffic.stop();
  const { finalized } = await node!.finalizes((await node!.status()).head!.height);
  const { height, id } = finalized!;
  await until("it has read all", () =>
    reader.events.some(({ event, data }) => event === "finalized" && data["id"] === id),
  );
  await reader.stop();

  const { events } = reader;
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => events[0]!.id + index));
  expect(chainOf(events).get(height)).toBe(id);
  const heights = events.filter(({ event }) => event === "finalized").map(({ data }) => data["height"]);
  expect(heights).toEqual([...new Set(heights as number[])].sort((a, b) => a - b));
  expect(heights).not.toEqual([]);
  checkTransactions(events, wallets[0]!.address, traffic);
});

/**
 * Maps heights to ids. Checks that blocks follow one another and are retracted in reverse; blocks from before the first
 * event may be retracted too.
 */
function chainOf(events: readonly NodeEvent[]): Map<unknown, unknown> {
  const chain = new Map<unknown, unknown>();
  for (const { event, data } of events) {
    const { id, height, parent } = data as { id: string; height: number; parent: string };
    if (event === "block") {
      expect(chain.has(height)).toBe(false);
      if (chain.size === 0) chain.set(height - 1, parent);
      expect(parent).toBe(chain.get(height - 1));
      chain.set(height, id);
    } else if (event === "retracted") {
      expect(chain.has(height + 1)).toBe(false);
      if (chain.size > 0) expect(id).toBe(chain.get(height));
      chain.delete(height);
    }
  }
  return chain;
}

/** Checks that each accepted transaction was announced once, and again only if a retracted block returned it. */
function checkTransactions(events: readonly NodeEvent[], from: string, { accepted, sent }: Traffic): void {
  const told = new Map<string, number>();
  for (const { event, data } of events) {
    if (event !== "transaction" || data["from"] !== from) continue;
    told.set(String(data["id"]), (told.get(String(data["id"])) ?? 0) + 1);
  }
  const retracted = events.some(({ event }) => event === "retracted");
  if (!retracted) expect(Math.max(...told.values())).toBe(1);
  const known = [...accepted].filter((id) => told.has(id));
  expect(known.length).toBeGreaterThan(rounds);
  // Some may have reached the disk just before a kill that lost their answer.
  expect([...told.keys()].filter((id) => !sent.has(id))).toEqual([]);
}
