import { expect, test } from "vitest";
import { nobodyIsBlamed, sameChain, stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { hasNat, NatNetwork } from "./harness/nat.ts";
import { createNetwork } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { createWorld } from "./harness/world.ts";

const anyHost = "--host=0.0.0.0";

async function peersOf(nodes: readonly TestNode[]): Promise<Record<number, string[]>> {
  const idOf = new Map<string, number>();
  for (const node of nodes) idOf.set((await node.status()).peerId, node.id);
  const entries = nodes.map(async (node) => {
    const { peers } = await node.get<{ peers: { id: string }[] }>("/v1/peers");
    return [node.id, peers.map(({ id }) => String(idOf.get(id))).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

test.skipIf(!hasNat)(
  "two sites behind routers, each with one node whose port is forwarded, are one network, also without one of the two",
  async () => {
    const world = createWorld();
    const lab = new Lab(world);
    // Both households use the same private addresses, as they do.
    const [home, office] = await Promise.all(
      ([1, 2] as const).map(
        async (side) =>
          new NatNetwork(world, {
            router: await lab.machine(side),
            network: "192.168.1",
            outside: `203.0.113.${side}`,
          }),
      ),
    );
    const machines = [
      await home!.machine(1, { isPublic: true }),
      await home!.machine(2),
      await office!.machine(3, { isPublic: true }),
      await office!.machine(4),
    ];
    const { nodes } = await createNetwork(world, { nodes: machines });
    const [homeOpen, homeClosed, officeOpen, officeClosed] = nodes as [
      TestNode,
      TestNode,
      TestNode,
      TestNode,
    ];
    const openAt = ({ outside }: NatNetwork, node: TestNode) => `/ip4/${outside}/tcp/${node.p2pPort}`;
    homeOpen.start(anyHost, `--announce=${openAt(home!, homeOpen)}`);
    officeOpen.start(
      anyHost,
      `--announce=${openAt(office!, officeOpen)}`,
      `--bootstrap=${openAt(home!, homeOpen)}`,
    );
    // They find the other node of their site by multicast, and that of the other site by what they are told.
    for (const node of [homeClosed, officeClosed]) node.start(anyHost);
    for (const node of [homeOpen, officeOpen])
      await node.until(`node ${node.id} has all`, ({ peers }) => peers === 3);
    for (const node of [homeClosed, officeClosed])
      await node.until(`node ${node.id} has both open ones`, ({ peers }) => peers === 2);
    expect(await peersOf(nodes)).toEqual({
      1: ["2", "3", "4"],
      2: ["1", "3"],
      3: ["1", "2", "4"],
      4: ["1", "3"],
    });
    await sameChain(nodes, { atLeast: 3 });

    await homeOpen.kill();
    const left = [homeClosed, officeOpen, officeClosed];
    const { finalized } = await officeOpen.status();
    for (const node of left) await node.finalizes(finalized!.height + 3);
    await nobodyIsBlamed(left);
    await stopAndVerify(left);
  },
);

test.skipIf(!hasNat)(
  "a node in a container with a published port is found by others at the address that it announces",
  async () => {
    const world = createWorld();
    const lab = new Lab(world);
    const [host, second, third] = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
    const bridge = new NatNetwork(world, { router: host!, network: "172.17.0", outside: host!.address });
    const inside = await bridge.machine(1, { isPublic: true });
    const { nodes } = await createNetwork(world, { nodes: [inside, second!, third!] });
    const [contained, ...others] = nodes as [TestNode, TestNode, TestNode];
    const announced = `/ip4/${host!.address}/tcp/${contained.p2pPort}`;
    // The container's addresses mean nothing to other machines.
    contained.start(anyHost, "--no-mdns", `--announce=${announced}`, `--bootstrap=${others[0]!.multiaddr}`);
    others[0]!.start("--no-mdns");
    others[1]!.start("--no-mdns", `--bootstrap=${others[0]!.multiaddr}`);
    for (const node of nodes)
      await node.until(
        `node ${node.id} has both others`,
        ({ mode, peers }) => mode === "ready" && peers === 2,
      );
    const { join } = await contained.logs("other machines can join with this line");
    expect(join).toContain(announced);
    await sameChain(nodes, { atLeast: 2 });

    // Others dial that address when the container is back.
    await contained.stop();
    contained.start(anyHost, "--no-mdns", `--announce=${announced}`);
    await contained.until("both others are back", ({ mode, peers }) => mode === "ready" && peers === 2);
    await nobodyIsBlamed(nodes);
    await stopAndVerify(nodes);
  },
);
