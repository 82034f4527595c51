import { expect, test } from "vitest";
import { conflictsAmong, killSigner } from "../../faults/kill-signer.ts";

test("finds conflicting signatures", () => {
  expect(conflictsAmong(["header 1 aa", "header 2 aa", "vote 0 1 aa", "vote 1 2 bb", "vote 1 3 bb"])).toEqual(
    [],
  );
  expect(conflictsAmong(["header 1 aa", "header 1 bb"])).toHaveLength(1);
  expect(conflictsAmong(["vote 0 1 aa", "vote 0 1 bb"])).toHaveLength(1);
  expect(conflictsAmong(["vote 2 3 aa", "vote 1 4 bb"])).toHaveLength(1);
});

test("a signer that is killed ten times at random moments signs nothing that conflicts", async () => {
  const { signatures, conflicts } = await killSigner(10);
  expect(conflicts).toEqual([]);
  // There is at least one signature for each life; more depend on the machine.
  expect(signatures).toBeGreaterThanOrEqual(10);
});
