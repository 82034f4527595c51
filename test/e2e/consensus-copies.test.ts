import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { conflictsAmong } from "../faults/kill-signer.ts";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { noEvidence } from "./harness/finality.ts";
import { createNetwork, startAll, type TestNetwork } from "./harness/network.ts";
import { TestNode } from "./harness/node.ts";
import { SignatureWatch } from "./harness/signature-watch.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const periodMs = 400;
/** A node in doubt listens for 10 s, and then waits for the others to reach its rounds. */
const signsAgainWithinMs = 90_000;
const warning = /^THIS NODE'S DATA MAY BE OLDER THAN THE LAST SIGNATURE OF ITS ACCOUNT/;

/**
 * Tests copies in every place where they can be put, over some minutes; `restored-backup.test.ts` is the short form.
 */
const long = test.skipIf(!process.env["E2E_LONG"]);

long(
  "a copy of a node's folder says loudly that it may be old, and signs nothing that contradicts; nor does the original after it",
  async () => {
    const network = await createNetwork(createWorld(), { nodes: 4, periodMs });
    const { nodes, world } = network;
    const original = nodes[3]!;
    const others = nodes.slice(0, 3);
    const copy = new TestNode(world, 5);
    await startAll(network);
    const watch = await watchLast(network, [...nodes, copy]);
    await signs(watch, 5);
    // A restart in its own place raises no doubt.
    await original.stop();
    original.start();
    await signs(watch, 3);
    expect(warnings(original)).toEqual([]);
    await original.stop();

    copyFolder(original, copy);
    copy.start();
    await expectsDoubt(copy, watch);
    await signs(watch, 3);
    await copy.until("it is in step", ({ mode }) => mode === "ready");
    await copy.logs("block produced");
    await copy.stop();

    // With the same place and files, only the network shows that the data is behind.
    const before = watch.lines.size;
    original.start();
    await until("it is in doubt", () => warnings(original).length > 0, { timeoutMs: 60_000 });
    await signs(watch, 3);
    expect(watch.lines.size).toBeGreaterThan(before);

    expect(conflictsAmong([...watch.lines])).toEqual([]);
    await sameChain(nodes);
    await noEvidence(nodes);
    await watch.stop();
    await stopAndVerify([...others, original]);
  },
);

long(
  "a node whose folder is put back from an old backup refuses what it may have signed, then goes on",
  async () => {
    const network = await createNetwork(createWorld(), { nodes: 4, periodMs });
    const { nodes, world } = network;
    const restored = nodes[3]!;
    await startAll(network);
    const watch = await watchLast(network, nodes);
    await signs(watch, 5);
    await restored.stop();
    const backup = new TestNode(world, 9);
    copyFolder(restored, backup);

    restored.start();
    await signs(watch, 20);
    await restored.kill();
    const signed = [...watch.lines];
    const [highestRound, highestSlot] = [highest(signed, "vote", 2), highest(signed, "header", 1)];
    rmSync(restored.paths.folder, { recursive: true });
    copyFolder(backup, restored);

    restored.start();
    await expectsDoubt(restored, watch);
    await signs(watch, 3);
    const later = [...watch.lines].filter((line) => !signed.includes(line));
    for (const line of later) {
      const [kind, a, b] = line.split(" ");
      if (kind === "vote") expect(Number(b)).toBeGreaterThan(highestRound);
      else expect(Number(a)).toBeGreaterThan(highestSlot);
    }
    expect(conflictsAmong([...watch.lines])).toEqual([]);
    await until("it is in no doubt any more", async () => {
      const { findings } = await restored.diagnosis();
      return !findings.some(({ code }) => code === "SIGNING_LOCKED");
    });
    await sameChain(nodes);
    await noEvidence(nodes);
    await watch.stop();
    await stopAndVerify(nodes);
  },
);

/** Expects a warning, a finding in the diagnosis, and no vote while the node listens. It may make blocks. */
async function expectsDoubt(node: TestNode, watch: SignatureWatch): Promise<void> {
  const { votes } = watch.counts();
  const locked = await until(
    "signing is locked",
    async () => (await node.diagnosis()).findings.find(({ code }) => code === "SIGNING_LOCKED"),
    { timeoutMs: 30_000 },
  );
  expect(locked.detail).toContain("may be older");
  const [first] = warnings(node);
  expect(first).toMatchObject({ level: 50, reason: expect.stringContaining("copy") });
  const since = first!["time"] as number;
  await until("it has listened for a while", () => Date.now() - since > 8_000);
  expect(watch.counts().votes).toBe(votes);
}

function warnings(node: TestNode) {
  return node.log().filter(({ msg }) => warning.test(msg));
}

/** Waits until the watch has seen some more headers and votes. */
async function signs(watch: SignatureWatch, more: number): Promise<void> {
  const before = watch.counts();
  await until(
    `${more} headers and votes more`,
    () => {
      const { headers, votes } = watch.counts();
      if (headers >= before.headers + more && votes >= before.votes + more) return true;
      throw new Error(`${headers - before.headers} headers, ${votes - before.votes} votes`);
    },
    { timeoutMs: signsAgainWithinMs },
  );
}

async function watchLast({ wallets, genesisId, world }: TestNetwork, nodes: readonly TestNode[]) {
  const { publicKey } = wallets.at(-1)!.signer;
  const watch = await SignatureWatch.start(nodes, { genesisId, periodMs, publicKey });
  world.onEnd(() => watch.stop());
  return watch;
}

function highest(lines: readonly string[], kind: string, field: number): number {
  const numbers = lines.filter((line) => line.startsWith(kind)).map((line) => Number(line.split(" ")[field]));
  return Math.max(...numbers);
}

function copyFolder(from: TestNode, to: TestNode): void {
  execFileSync("cp", ["-a", from.paths.folder, to.paths.folder]);
}
