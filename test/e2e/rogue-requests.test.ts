import { expect, test } from "vitest";
import type { AnyProtocol } from "../../protocols/index.ts";
import * as protocols from "../../protocols/index.ts";
import { createNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { frame, Rogue } from "./harness/rogue.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const all = Object.values(protocols).filter(
  (value): value is AnyProtocol => typeof value === "object" && value !== null && "quota" in value,
);
const [success, invalidRequest, unavailable, rateLimited] = [0, 1, 3, 4];
/** A part of the cost of an invalid request, and of a missing one, since scores recover with time. */
const someOfInvalid = 10;
const someOfTimeout = 3;

/** Starts a node that makes blocks, which no request may stop. */
async function startMiner(): Promise<TestNode> {
  const { nodes } = await createNetwork(createWorld(), { nodes: 1, periodMs: 500 });
  const node = nodes[0]!.start("--no-mdns");
  await node.ready();
  return node;
}

async function goesOn(node: TestNode): Promise<void> {
  const { head, mode } = await node.status();
  expect(mode).toBe("ready");
  await node.height(head!.height + 2, 5_000);
}

test("malformed requests are answered with an error and cost score, while the node keeps making blocks", async () => {
  const node = await startMiner();
  expect(all.length).toBeGreaterThanOrEqual(9);
  const slow: Promise<unknown>[] = [];
  await Promise.all(
    all.map(async ({ id, maxRequestBytes, timeoutMs, quota }) => {
      const rogue = await Rogue.connect(node);
      const cases: [name: string, bytes: Uint8Array, answer: number | "none"][] = [
        ["garbage", frame(new Uint8Array(3).fill(0xff)), invalidRequest],
        ["an empty frame", frame(new Uint8Array()), invalidRequest],
        ["an oversized frame", frame(new Uint8Array(64), maxRequestBytes + 1), invalidRequest],
        ["a length that never ends", new Uint8Array(16).fill(0x80), "none"],
        ["a truncated frame", frame(new Uint8Array(2), maxRequestBytes), "none"],
      ];
      for (const [name, bytes, answer] of cases.slice(0, quota.requests)) {
        const before = (await rogue.score()) ?? 0;
        const { payloads, reset } = await rogue.send(id, bytes);
        const said = payloads.length === 1 ? payloads[0]![0] : undefined;
        // A list may be empty, and a truncated request may be answered or just be reset.
        if (name === "an empty frame" && said !== invalidRequest) continue;
        if (answer !== "none") expect(said, `${id}: ${name}`).toBe(answer);
        else expect(reset || said === invalidRequest, `${id}: ${name}`).toBe(true);
        await rogue.pays(before - someOfInvalid);
      }
      // Another peer sends it, because this one may be over its quota.
      const lazy = await Rogue.connect(node);
      const startedAt = performance.now();
      slow.push(
        lazy.send(id, frame(new Uint8Array(1), maxRequestBytes), { close: false }).then(async (answer) => {
          expect(answer.reset || answer.payloads[0]?.[0] === invalidRequest, `${id}: slow`).toBe(true);
          expect(performance.now() - startedAt).toBeGreaterThan(timeoutMs - 500);
          await lazy.pays(-someOfTimeout);
        }),
      );
    }),
  );
  await goesOn(node);
  await Promise.all(slow);
  await goesOn(node);
});

test("a peer that keeps sending malformed requests is banned, and one that asks too often is told so", async () => {
  const node = await startMiner();
  const { genesis, height } = protocols;
  const eager = await Rogue.connect(node);
  const request = frame(height.request.serialize({ timeMs: 1 }));
  const said: unknown[] = [];
  // The quota refills with time: on a busy machine it takes more requests to use it up.
  await until("it has been answered, and refused five times", async () => {
    // A busy machine may lose the connection.
    if (!eager.connected) await eager.dial();
    const answers = await Promise.all(
      Array.from({ length: height.quota.requests + 5 }, () => eager.send(height.id, request)),
    );
    said.push(...answers.map(({ payloads, reset }) => payloads[0]?.[0] ?? (reset ? "reset" : "nothing")));
    const refused = said.filter((code) => code !== success);
    if (refused.length >= 5 && refused.includes(rateLimited) && said.includes(success)) return true;
    throw new Error(String(said));
  });

  if (!eager.connected) await eager.dial();
  const foreign = await eager.send(genesis.id, frame(new Uint8Array(32).fill(9)));
  expect(foreign.payloads[0]?.[0]).toBe(unavailable);

  const rude = await Rogue.connect(node);
  await until("the rude peer is banned", async () => {
    if (!rude.connected) return true;
    await rude.send(height.id, frame(new Uint8Array(9)));
    return false;
  });
  await node.logs("peer banned", { peer: rude.id });
  await rude.dial().catch(() => undefined);
  await until("it is not let in again", () => !rude.connected);
  expect(await rude.score()).toBe(undefined);
  await goesOn(node);
});
