import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { floors } from "../../../scripts/check-floors.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const map = readFileSync(join(root, "src/README.md"), "utf8");

test("the map of the code has every folder on the floor that is checked", () => {
  const rows = [...map.matchAll(/^\| (\d) \| `([^`]+)\/` \|/gm)].map(([, floor, folder]) => [
    folder!.startsWith("../") ? folder!.slice(3) : `src/${folder}`,
    Number(floor),
  ]);
  expect(Object.fromEntries(rows)).toEqual(floors);
});

test("every file that the map of the code names is there", () => {
  const named = [...map.matchAll(/`([\w./-]+\.(?:ts|js))`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(30);
  const isThere = (path: string) => existsSync(join(root, "src", path)) || existsSync(join(root, path));
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});
