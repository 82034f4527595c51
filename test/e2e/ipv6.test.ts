import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import type { Machine } from "./harness/node.ts";
import { createWorld } from "./harness/world.ts";

/** Gives a machine an IPv6 address, and takes care that its p2p port answers over IPv6 alone. */
function onIp6Only({ enter: [nsenter, ...args] }: Machine, address: string): void {
  const ip = (command: string) => execFileSync(nsenter!, [...args, "ip", ...command.split(" ")]);
  ip(`-6 addr add ${address}/64 dev eth0 nodad`);
  // The test's own requests come from 10.77.1.1 and 10.77.2.1; other machines of the lab are not routed over IPv4.
  ip("route del 10.77.0.0/16 dev eth0");
  for (const side of [1, 2]) ip(`route add 10.77.${side}.1/32 dev eth0`);
}

test("nodes without IPv4 between them find each other through one of them", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
  machines.forEach((machine, index) => {
    onIp6Only(machine, `fd77::${index + 1}`);
  });
  const { nodes } = await createNetwork(world, { nodes: machines });
  const [first, ...others] = nodes;
  first!.start("--no-mdns");
  for (const node of others) node.start("--no-mdns", `--bootstrap=/ip6/fd77::1/tcp/${first!.p2pPort}`);
  for (const node of nodes)
    await node.until(`node ${node.id} has all peers`, ({ mode, peers }) => mode === "ready" && peers >= 2);
  const { peers } = await first!.get<{ peers: { address: string }[] }>("/v1/peers");
  expect(peers.map(({ address }) => address)).toEqual([
    expect.stringMatching(/^\/ip6\/fd77::/),
    expect.stringMatching(/^\/ip6\/fd77::/),
  ]);
  await sameChain(nodes, { atLeast: 2 });
  await stopAndVerify(nodes);
});
