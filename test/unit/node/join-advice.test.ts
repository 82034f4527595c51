import { expect, test } from "vitest";
import { Closers } from "../../../src/node/closers.ts";
import { adviseToJoin } from "../../../src/node/join-advice.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

test("the line is logged at once, and once more when it can name other nodes", async () => {
  const clock = new ManualClock();
  const closers = new Closers(silentLogger);
  const lines: string[] = [];
  const logger = { ...silentLogger, info: ({ join }: { join: string }) => lines.push(join) } as never;
  let others: string[] = [];
  const network = {
    addresses: () => ["/ip4/10.0.0.5/tcp/1/p2p/12D3"],
    workedAddresses: () => others,
  };
  const options = { nodeId: 1, announce: [] };
  const line = adviseToJoin(
    { options, clock, logger, closers, line: { recoveries: [], knownRules: 1 } },
    network,
    "0x12",
  );
  await clock.advance(60_000);
  expect(lines).toEqual([line()]);
  others = ["/ip4/10.0.0.6/tcp/1/p2p/12D4"];
  await clock.advance(60_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("--bootstrap=/ip4/10.0.0.5/tcp/1/p2p/12D3,/ip4/10.0.0.6/tcp/1/p2p/12D4 ");
  expect([line(), clock.pending]).toEqual([lines[1], 0]);
});

test("nothing is left of it when the node ends", async () => {
  const clock = new ManualClock();
  const closers = new Closers(silentLogger);
  const network = { addresses: () => [], workedAddresses: () => [] };
  adviseToJoin(
    {
      options: { nodeId: 1, announce: [] },
      clock,
      logger: silentLogger,
      closers,
      line: { recoveries: [], knownRules: 1 },
    },
    network,
    "0x12",
  );
  await closers.close();
  expect(clock.pending).toBe(0);
});
