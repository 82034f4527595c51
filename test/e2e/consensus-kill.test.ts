import { expect, test } from "vitest";
import { killNode } from "../faults/kill-node.ts";
import { seed } from "./harness/random.ts";
import { createWorld } from "./harness/world.ts";

test("an authority that is killed at random moments under load never contradicts its own signatures", async () => {
  const result = await killNode(createWorld(), { rounds: 3, seed });
  console.log(
    `seed ${seed}: ${result.rounds} kills, ${result.headers} headers and ${result.votes} votes of its key`,
  );
  expect(result.conflicts).toEqual([]);
  expect(result.unrecorded).toEqual([]);
  expect(result.bans).toBe(0);
  expect(result.headers).toBeGreaterThan(2);
  expect(result.votes).toBeGreaterThan(3);
  expect(result.livesThatSigned).toBeGreaterThan(1);
}, 400_000);
