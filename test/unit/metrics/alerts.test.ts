import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { sources } from "./sources.ts";

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string };
}

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const { groups } = parse(read("deploy/monitoring/alerts.yml")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

test("alerts use metrics that nodes have", async () => {
  const metrics = new Metrics();
  metrics.follow(sources);
  const names = new Set([...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const used = rules.flatMap(({ expr }) => expr.match(/ccoin_\w+/g) ?? []);
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});

test("the documents list each alert", () => {
  const section = read("docs/metrics.md").split("## Alerts")[1]!.split("## Health")[0]!;
  const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(rules.map(({ alert }) => alert).sort());
});

test("Prometheus scrapes the nodes of compose.yaml, each at its port", () => {
  const { services } = parse(read("compose.yaml"), { merge: true }) as {
    services: Record<string, { environment?: { CCOIN_NODEID?: number } }>;
  };
  const expected = Object.entries(services).flatMap(([name, { environment }]) =>
    environment?.CCOIN_NODEID ? [`${name}:${63_260 + 2 * environment.CCOIN_NODEID}`] : [],
  );
  const { scrape_configs } = parse(read("deploy/monitoring/prometheus.yml"));
  expect(expected).toHaveLength(4);
  expect(scrape_configs[0].static_configs[0].targets).toEqual(expected);
});
