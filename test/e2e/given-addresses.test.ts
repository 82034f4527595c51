import { expect, test } from "vitest";
import { stopAndVerify } from "./harness/checks.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { type DiagnosisAnswer, TestNode } from "./harness/node.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

test("a node says of each address that it was given what is wrong with it, with the usual log", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const [machine, good, silent, elsewhere] = await Promise.all(
    ([1, 1, 2, 2] as const).map((side) => lab.machine(side)),
  );
  const network = await createNetwork(world, { nodes: [good!], name: "ours" });
  const others = await createNetwork(world, { nodes: [elsewhere!], firstId: 5, name: "theirs" });
  const [first] = network.nodes;
  const [other] = others.nodes;
  for (const node of [first!, other!]) node.start("--no-mdns");
  const { peerId } = await first!.ready();
  const { peerId: otherId } = await other!.ready();
  lab.block(machine!, silent!);

  const node = new TestNode(world, 3, machine);
  const anotherId = "12D3KooWGjvoGNmqL7gaYvYZsDpLgqAjgvvmhXGzHNJA8GWsUYRr";
  const given = {
    good: first!.multiaddr,
    otherId: `${first!.multiaddr}/p2p/${anotherId}`,
    refused: `/ip4/${good!.address}/tcp/1`,
    silent: `/ip4/${silent!.address}/tcp/63261`,
    name: "/dns4/nowhere.invalid/tcp/63261",
    otherChain: other!.multiaddr,
  };
  node.start("--no-mdns", `--genesis=${network.genesisId}`, `--bootstrap=${Object.values(given).join(",")}`);
  await node.ready();
  const findings = await until("it says what is wrong with all addresses", async () => {
    const { findings } = await node.get<DiagnosisAnswer>("/v1/diagnosis");
    const text = findings.map(({ detail }) => detail).join();
    return (
      [given.refused, given.silent, given.name, anotherId, otherId].every((one) => text.includes(one)) &&
      findings
    );
  });
  const detailOf = (code: string) => findings.find((finding) => finding.code === code)!.detail;
  expect(detailOf("OTHER_CHAIN")).toContain(
    `${given.otherChain} (${otherId}) is of "theirs", ${others.genesisId}; this node is of "ours", ${network.genesisId}`,
  );
  const unreached = detailOf("UNREACHED");
  expect(unreached).toContain(`${given.refused}: the connection is refused`);
  expect(unreached).toContain(`${given.silent}: nothing answers in time`);
  expect(unreached).toContain(`${given.name}: the name does not resolve`);
  expect(unreached).toMatch(new RegExp(`${given.otherId}: another node answers there \\([^;]*${peerId}`));
  expect(unreached).not.toContain(given.otherChain);

  await node.logs("a node that was given is of another chain", { name: "theirs", genesis: others.genesisId });
  await node.logs("a node that was given is not reached", { address: given.silent });
  await stopAndVerify([first!, node]);
  await stopAndVerify([other!]);
});
