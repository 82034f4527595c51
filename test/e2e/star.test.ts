import { expect, test } from "vitest";
import { wantedOutbound } from "../../src/network/connections.ts";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import type { Machine } from "./harness/node.ts";
import { patience, until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

/** `test/contract/network/fifty.test.ts` has 50 networks in one process. */
const count = Number(process.env["E2E_NODES"] ?? 10);
const vanishing = Math.ceil(count / 5) + 1;
const withinMs = 30_000;

const title = `${count} nodes that all know one have enough peers, and ${vanishing} may vanish, that one among them`;
test(title, { timeout: count * 60_000 * patience.factor }, async () => {
  const world = createWorld();
  const lab = new Lab(world);
  // The table of neighbours, which all namespaces share, has 1,024 places: a machine each is too many for 50 nodes.
  const machines: Machine[] = [];
  for (let n = 0; n < Math.min(count, 10); n++) machines.push(await lab.machine(n % 2 === 0 ? 1 : 2));
  const { nodes, wallets } = await createNetwork(world, {
    nodes: Array.from({ length: count }, (_, n) => machines[n % machines.length]!),
    // Two cores cannot have 50 nodes import a block every two seconds.
    periodMs: count * 200,
    authorityCount: 4,
  });
  const [first, ...others] = nodes;
  first!.start("--no-mdns");
  await first!.ready();
  for (const node of others) {
    node.start("--no-mdns", `--bootstrap=${first!.multiaddr}`);
    await node.until(`node ${node.id} answers`, () => true);
  }
  // Until then the machine is busy with starts.
  for (const node of nodes) await node.ready(count * 10_000);
  const startedAt = performance.now();
  const enough = Math.min(wantedOutbound, count - 1);
  for (const node of nodes)
    await node.until(
      `node ${node.id} has ${enough} peers`,
      ({ mode, peers }) => mode === "ready" && peers >= enough,
      withinMs,
    );
  const tookMs = Math.round(performance.now() - startedAt);
  console.log(`${enough} peers on all ${count} nodes ${tookMs} ms after the last is ready`);

  const counts = others.slice(3).map(async (node) => ({ node, ...(await node.status()) }));
  const mostConnected = (await Promise.all(counts)).toSorted((a, b) => b.peers - a.peers);
  const gone = [first!, ...mostConnected.slice(0, vanishing - 1).map(({ node }) => node)];
  await Promise.all(gone.map((node) => node.kill()));
  const left = nodes.filter((node) => !gone.includes(node));
  const { id, body } = await wallets[1]!.transfer(wallets[2]!.address, 1n, 1n);
  await left.at(-1)!.post("/v1/transactions", body);
  for (const node of left)
    await until(
      `the transfer is final on node ${node.id}`,
      async () => (await node.transaction(id)).status === "finalized",
    );
  for (const node of left) expect((await node.status()).peers).toBeGreaterThan(1);
  await sameChain(left, { atLeast: 1 });
  await nobodyIsBlamed(left);
  // To stop all of them at one time would be a test of the machine.
  await stopAndVerify(left.slice(-1));
});
