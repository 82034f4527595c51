import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Metrics } from "../../../src/metrics/metrics.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const isThere = (tool: string) => !spawnSync(tool, ["--version"]).error;

function run(tool: string, args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(tool, args, { input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

test.skipIf(!isThere("systemd-analyze"))("systemd takes the unit", () => {
  const place = mkdtempSync(join(tmpdir(), "ccoin-unit-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const file = join(place, "ccoin@.service");
  const unit = readFileSync(join(root, "deploy/ccoin@.service"), "utf8");
  // As if the project were in /opt/ccoin.
  writeFileSync(file, unit.replaceAll("/opt/ccoin/node_modules/.bin/node", process.execPath));
  expect(run("systemd-analyze", ["verify", file])).toEqual({ status: 0, said: "" });
});

// Debian's package prometheus.
test.skipIf(!isThere("promtool"))(
  "Prometheus takes the configuration, the alerts and the metrics",
  async () => {
    const monitoring = join(root, "deploy/monitoring");
    for (const check of [
      ["config", "prometheus.yml"],
      ["rules", "alerts.yml"],
    ] as const)
      expect(run("promtool", ["check", check[0], join(monitoring, check[1])])).toMatchObject({ status: 0 });
    expect(run("promtool", ["check", "metrics"], await new Metrics().text())).toEqual({
      status: 0,
      said: "",
    });
  },
);

// Not in Debian: https://kubernetes.io/docs/tasks/tools/
test.skipIf(!isThere("kubectl"))("kubectl renders the manifests with the image and the settings", () => {
  const folder = join(root, "deploy/kubernetes");
  const { status, said } = run("kubectl", ["kustomize", folder]);
  expect(status).toBe(0);
  const [settings] = [...said.matchAll(/^ {2}name: (ccoin-[a-z0-9]{10})$/gm)].map(([, name]) => name);
  // A pod starts anew once its settings have another name.
  expect(said).toContain(`- configMapRef:\n            name: ${settings}\n`);
  expect(said).toMatch(/^ {8}image: registry\.example\.org\/ccoin:\d/m);
});
