import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import type { Machine, TestNode } from "./harness/node.ts";
import { cliPath, nodeFlags } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

function ip({ enter: [nsenter, ...args] }: Machine, command: string): void {
  execFileSync(nsenter!, [...args, "ip", ...command.split(" ")]);
}

async function addressesOfPeers(node: TestNode): Promise<string[]> {
  const { peers } = await node.get<{ peers: { address: string }[] }>("/v1/peers");
  return peers.map(({ address }) => address);
}

test("nodes on a LAN without IPv4 find each other by multicast", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  execFileSync("ip", ["-6", "addr", "add", "2001:db8::99/64", "dev", "sw1", "nodad"]);
  const machines = await Promise.all(
    ([1, 1, 2] as const).map(async (side, index) => {
      const machine = await lab.machine(side);
      ip(machine, "-4 addr flush dev eth0");
      ip(machine, `-6 addr add 2001:db8::${index + 1}/64 dev eth0 nodad`);
      return { ...machine, address: `[2001:db8::${index + 1}]` };
    }),
  );
  const { nodes } = await createNetwork(world, { nodes: machines });
  for (const node of nodes) node.start("--host=::");
  for (const node of nodes)
    await node.until(`node ${node.id} has all peers`, ({ mode, peers }) => mode === "ready" && peers >= 2);
  for (const node of nodes)
    for (const address of await addressesOfPeers(node)) expect(address).toMatch(/^\/ip6\/2001:db8::/);
  await sameChain(nodes, { atLeast: 2 });
  await stopAndVerify(nodes);
});

test("nodes without IPv4 between them find each other through one of them", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
  for (const [index, machine] of machines.entries()) {
    ip(machine, `-6 addr add fd77::${index + 1}/64 dev eth0 nodad`);
    // The requests of this process come from 10.77.1.1 and 10.77.2.1. Between the machines there is no IPv4.
    for (const side of [1, 2]) ip(machine, `route add 10.77.${side}.1/32 dev eth0`);
    ip(machine, "route del 10.77.0.0/16 dev eth0");
  }
  const { nodes } = await createNetwork(world, { nodes: machines });
  const [first, ...others] = nodes;
  first!.start("--no-mdns");
  for (const node of others) node.start("--no-mdns", `--bootstrap=/ip6/fd77::1/tcp/${first!.p2pPort}`);
  for (const node of nodes)
    await node.until(`node ${node.id} has all peers`, ({ mode, peers }) => mode === "ready" && peers >= 2);
  for (const node of nodes)
    for (const address of await addressesOfPeers(node)) expect(address).toMatch(/^\/ip6\/fd77::/);
  await sameChain(nodes, { atLeast: 2 });
  await stopAndVerify(nodes);
});

test("IPv4-only and IPv6-only nodes share a chain through a dual-stack node", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  execFileSync("ip", ["-6", "addr", "add", "2001:db8::99/64", "dev", "sw1", "nodad"]);
  const [old, both, modern] = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
  for (const [index, machine] of [both!, modern!].entries())
    ip(machine, `-6 addr add 2001:db8::${index + 1}/64 dev eth0 nodad`);
  ip(modern!, "-4 addr flush dev eth0");
  const { nodes } = await createNetwork(world, {
    nodes: [old!, both!, { ...modern!, address: "[2001:db8::2]" }],
  });
  for (const node of nodes) node.start("--host=::");
  const [first, middle, last] = nodes as [TestNode, TestNode, TestNode];
  await middle.until("it has both", ({ mode, peers }) => mode === "ready" && peers === 2);
  for (const node of [first, last]) await node.ready();
  expect(await addressesOfPeers(first)).toEqual([expect.stringMatching(/^\/ip4\//)]);
  expect(await addressesOfPeers(last)).toEqual([expect.stringMatching(/^\/ip6\/2001:db8::1\//)]);
  // One node serves HTTP on both.
  for (const host of [both!.address, "[2001:db8::1]"])
    expect((await fetch(`http://${host}:${middle.httpPort}/v1/status`)).status).toBe(200);
  await sameChain(nodes, { atLeast: 2 });
  await stopAndVerify(nodes);
});

test.each([
  ["on", "0", ["localhost", "127.0.0.1", "[::1]"]],
  ["off", "1", ["localhost", "127.0.0.1"]],
])("the page is at every name of the own machine, with IPv6 %s", async (_, disabled, names) => {
  const world = createWorld();
  const { enter } = await new Lab(world).machine(1);
  const run = (...command: string[]) => world.start(command.join(" ").slice(0, 40), command, { enter });
  for (const interfaces of ["all", "lo"])
    await run("sysctl", "-q", "-w", `net.ipv6.conf.${interfaces}.disable_ipv6=${disabled}`).ended;
  const options = ["start", "--json", `--datadir=${world.dataDir}`, "--port=0"];
  const node = run(process.execPath, ...nodeFlags, cliPath, ...options);
  await until(
    "it says where it is",
    () => node.end ?? node.stdout.includes('"url":"http://127.0.0.1:63262"'),
  );
  const ask = `for (const name of ${JSON.stringify(["localhost", "127.0.0.1", "[::1]"])})
    await fetch(\`http://\${name}:63262/v1/status\`).then(({ status }) => console.log(name, status), () => {});`;
  const { stdout } = await run(process.execPath, "--input-type=module", "-e", ask).ended;
  expect(stdout.trim().split("\n")).toEqual(names.map((name) => `${name} 200`));
  // Nothing is logged about missing addresses.
  expect(node.stderr).toBe("");
  node.signal("SIGTERM");
  expect((await node.ended).code).toBe(0);
});
