import { expect, test } from "vitest";
import { Closers } from "../../../src/node/closers.ts";
import { adviseToJoin, joinLine } from "../../../src/node/join-line.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const genesisId = `0x${"12".repeat(32)}`;
const peer = "/tcp/63261/p2p/12D3KooWPeer";
const line = (nodeId: number, ...hosts: string[]) =>
  joinLine({
    nodeId,
    announced: [],
    addresses: hosts.map((host) => `/${host}${peer}`),
    others: [],
    genesisId,
    isRecovered: false,
  });

test.each<[string, string[], string[]]>([
  ["others cannot reach loopback", ["ip4/127.0.0.1", "ip4/10.0.0.5", "ip6/::1"], ["ip4/10.0.0.5"]],
  ["unless there is nothing else", ["ip4/127.0.0.1"], ["ip4/127.0.0.1"]],
  [
    "IPv4 first, and no more than three",
    ["ip6/2001:db8::1", "ip4/10.0.0.5", "ip4/10.0.1.5", "ip4/10.0.2.5"],
    ["ip4/10.0.0.5", "ip4/10.0.1.5", "ip4/10.0.2.5"],
  ],
  ["no link-local addresses", ["ip6/fe80::1", "ip6/2001:db8::1"], ["ip6/2001:db8::1"]],
])("%s", (_, hosts, chosen) => {
  const bootstrap = chosen.map((host) => `/${host}${peer}`).join(",");
  expect(line(1, ...hosts)).toBe(`npm start -- --nodeid=2 --bootstrap=${bootstrap} --genesis=${genesisId}`);
});

test("names a node id other than its own", () => {
  expect(line(7, "ip4/10.0.0.5")).toContain("--nodeid=8 ");
  expect(line(1000, "ip4/10.0.0.5")).toContain("--nodeid=1 ");
});

test("names what the operator announces in place of the interfaces", () => {
  const addresses = ["203.0.113.7", "10.0.0.5"].map((host) => `/ip4/${host}${peer}`);
  const options = {
    nodeId: 1,
    announced: ["/ip4/203.0.113.7/tcp/63261"],
    addresses,
    others: [],
    genesisId,
    isRecovered: false,
  };
  expect(joinLine(options)).toContain(`--bootstrap=${addresses[0]} --genesis`);
});

test("names two other nodes, and none that only this machine reaches", () => {
  const others = ["127.0.0.1", "10.0.0.6", "10.0.0.7", "10.0.0.8"].map(
    (host) => `/ip4/${host}/tcp/1/p2p/12D3Other`,
  );
  const at = (host: string) =>
    joinLine({
      nodeId: 1,
      announced: [],
      addresses: [`/ip4/${host}${peer}`],
      others,
      genesisId,
      isRecovered: false,
    });
  expect(at("10.0.0.5")).toContain(`--bootstrap=/ip4/10.0.0.5${peer},${others[1]},${others[2]} --genesis`);
  expect(at("127.0.0.1")).toContain(`--bootstrap=/ip4/127.0.0.1${peer},${others[0]},${others[1]} --genesis`);
});

test("says that a recovered chain needs its recovery", () => {
  const addresses = [`/ip4/10.0.0.5${peer}`];
  const options = { nodeId: 1, announced: [], addresses, others: [], genesisId, isRecovered: true };
  expect(joinLine(options)).toMatch(/ --genesis=0x[0-9a-f]{64} --recovery=<file>$/);
});

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

test("leaves no timer when the node ends", async () => {
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
