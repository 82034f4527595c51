import { expect, test } from "vitest";
import { ClaimWarnings } from "../../../src/sync/claim-warnings.ts";
import { ManualClock } from "../support/clock.ts";

test("any number of ids of four addresses do not keep the claim of a fifth out of the log", () => {
  const network = { hostOf: (peer: string) => peer.split("@")[0]! };
  const warnings = new ClaimWarnings({ network, clock: new ManualClock() });
  const taken = [..."wxyz"].flatMap((host) =>
    Array.from({ length: 100 }, (_, at) => warnings.take(`${host}@${at}`)),
  );
  expect(taken.filter((one) => one)).toHaveLength(16);
  expect(warnings.take("honest@1")).toBe(true);
});

test("however many addresses there are, the log has few warnings", () => {
  const warnings = new ClaimWarnings({ network: { hostOf: (peer) => peer }, clock: new ManualClock() });
  const taken = Array.from({ length: 1_000 }, (_, at) => warnings.take(`peer ${at}`));
  expect(taken.filter((one) => one)).toHaveLength(64);
});
