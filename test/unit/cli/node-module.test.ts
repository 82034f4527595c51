import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ccoin } from "./ccoin.ts";

test("commands that load the node use the compiled code that others of them have cached", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ccoin-cache-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = { NODE_COMPILE_CACHE: `${folder}/cache`, NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
  await ccoin(["verify", "--nodeid=1", `--datadir=${folder}`], env);
  const start = ["start", "--nodeid=1", `--datadir=${folder}`, `--recovery=${folder}/none`];
  const { stdout, stderr } = await ccoin(start, env);
  expect(stderr).toContain("recover");
  const ofNode = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("/src/node/index.ts"));
  expect(ofNode.filter((line) => line.includes("was accepted"))).toHaveLength(1);
  expect(ofNode.filter((line) => line.includes("was rejected"))).toEqual([]);
});
