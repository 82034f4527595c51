import { expect, test } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { sayCrowded } from "../../../src/network/create.ts";
import { ManualClock } from "../support/clock.ts";

test("a crowded address is named once an hour, and no more than eight addresses", async () => {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const say = sayCrowded({ clock, logger: { warn: (fields: unknown) => lines.push(fields) } as never }, 32);
  for (let n = 0; n < 100; n++) say(placeOf("/ip4/203.0.113.7/tcp/1")!);
  expect(lines).toEqual([{ address: "203.0.113.7", peers: 32 }]);
  for (let n = 0; n < 100; n++) say(placeOf(`/ip4/198.51.100.${n}/tcp/1`)!);
  expect(lines).toHaveLength(8);
  await clock.advance(3_600_000);
  say(placeOf("/ip4/203.0.113.7/tcp/1")!);
  expect(lines).toHaveLength(9);
});
