import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Lab } from "./harness/lab.ts";
import { createNetwork } from "./harness/network.ts";
import { root } from "./harness/process.ts";
import { until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

interface Targets {
  data: { activeTargets: { labels: { instance: string }; health: string; lastError: string }[] };
}

test.skipIf(spawnSync("prometheus", ["--version"]).error)(
  "Prometheus on another machine reads a node by the name of its service, with the settings of the deployment files",
  async () => {
    const world = createWorld();
    const lab = new Lab(world);
    const [first, second, monitor] = await Promise.all(([1, 1, 2] as const).map((side) => lab.machine(side)));
    const { nodes } = await createNetwork(world, { nodes: [first!, second!], periodMs: 1_000 });
    nodes[0]!.start("--allow-host=node1");
    nodes[1]!.start();
    for (const node of nodes) await node.ready();

    const hosts = join(world.dataDir, "hosts");
    writeFileSync(hosts, nodes.map(({ id, machine }) => `${machine.address} node${id}\n`).join(""));
    const inMonitor = ["unshare", "-m", "sh", "-c", `mount --bind ${hosts} /etc/hosts && exec "$0" "$@"`];
    const command = [
      "prometheus",
      `--config.file=${join(root, "deploy/monitoring/prometheus.yml")}`,
      `--storage.tsdb.path=${join(world.dataDir, "prometheus")}`,
    ];
    world.start("Prometheus", command, { enter: [...monitor!.enter, ...inMonitor] });
    const targetOf = async (instance: string) => {
      const answer = await fetch(`http://${monitor!.address}:9090/api/v1/targets`).catch(() => undefined);
      const { data } = ((await answer?.json().catch(() => undefined)) ?? { data: {} }) as Targets;
      const found = data.activeTargets?.find(({ labels }) => labels.instance === instance);
      return found?.health === "unknown" ? undefined : found;
    };
    expect(await until("it has read node 1", () => targetOf("node1:63262"))).toMatchObject({ health: "up" });
    // It was started without its name.
    expect(await until("it has tried node 2", () => targetOf("node2:63264"))).toMatchObject({
      health: "down",
      lastError: expect.stringContaining("403"),
    });
  },
);
