import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { productRules } from "../../../src/chain/rules.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { startChainServices } from "../../../src/node/chain-services.ts";
import { Closers } from "../../../src/node/closers.ts";
import type { NodeCore } from "../../../src/node/core.ts";
import { createPeers } from "../../../src/node/create-peers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { PeerLog, peerLogLimits } from "../../../src/node/peer-log.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { line } from "../../own-line.ts";
import { testChain } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { temporaryFolder } from "../support/database.ts";
import { FakeNetwork } from "../support/network.ts";
import { verifyHere } from "../support/sync-node.ts";

function setUp() {
  const clock = new ManualClock();
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const inner: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => inner,
  };
  const log = new PeerLog(inner, clock);
  const seen = () => lines.splice(0).filter(({ level }) => level !== "debug");
  return { clock, log, lines, seen };
}

test("logs a number of lines of a kind each minute, and counts the others with the peers that they are about", async () => {
  const { clock, log, lines, seen } = setUp();
  const ban = (from: number, to: number) => {
    for (let at = from; at < to; at++) log.logger.warn({ peer: `id${at}` }, "peer banned");
  };
  ban(0, peerLogLimits.lines + 100);
  log.logger.warn({ peer: "other" }, "block refused");
  expect(lines).toHaveLength(peerLogLimits.lines + 101);
  expect(seen().map(({ message }) => message)).toEqual([
    ...new Array(peerLogLimits.lines).fill("peer banned"),
    "block refused",
  ]);
  await clock.advance(peerLogLimits.windowMs);
  const [summary, ...others] = seen();
  expect(others).toEqual([]);
  expect(summary).toMatchObject({ level: "warn", message: "peer banned: more times than are logged" });
  expect(summary!.fields).toMatchObject({ omitted: 100 });
  const { peers } = summary!.fields as { peers: string[] };
  expect([peers.length, peers[0]]).toEqual([64, `id${peerLogLimits.lines}`]);

  // The next minute is like the first one.
  ban(0, 1);
  log.logger.child({ part: "a child" }).warn({}, "peer banned");
  expect(seen()).toHaveLength(2);
  await clock.advance(peerLogLimits.windowMs);
  expect([seen(), clock.pending]).toEqual([[], 0]);
});

test("the end of the node sums up what is still counted, and leaves no timer", () => {
  const { clock, log, seen } = setUp();
  for (let at = 0; at <= peerLogLimits.lines; at++) log.logger.error({}, "could not answer a request");
  log.logger.info({}, "the peer follows another chain");
  expect(seen()).toHaveLength(peerLogLimits.lines + 1);
  log.stop();
  expect(seen()).toEqual([
    {
      level: "error",
      fields: { omitted: 1 },
      message: "could not answer a request: more times than are logged",
    },
  ]);
  for (let at = 0; at <= peerLogLimits.lines; at++) log.logger.error({}, "could not answer a request");
  expect([seen().length, clock.pending]).toEqual([peerLogLimits.lines + 1, 0]);
});

test("bans and evidence go to the log with the limit", async () => {
  const { database, maker, genesis, clock } = await testChain();
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const peerLog = { ...silentLogger, warn: note, error: note };
  const closers = new Closers(silentLogger);
  onTestFinished(() => closers.close());
  const folder = await temporaryFolder();
  const core = {
    ...{ logger: silentLogger, peerLog, clock, closers, line, metrics: new Metrics() },
    ...{
      genesis,
      givenRecoveries: [],
      rules: productRules,
      verify: verifyHere,
      modes: new ModeMachine("boot", silentLogger),
    },
    options: {
      dataDir: { peerKey: join(folder, "peer-key") },
      ...{ p2pHost: "127.0.0.1", p2pPort: 0, bootstrap: [], announce: [], mdns: false },
    },
  } as unknown as NodeCore;
  const { network } = await createPeers(core, database);
  // Any valid id will do.
  for (let times = 0; times < 2; times++) network.penalize(network.peerId, "invalidBlock", "test");
  expect(lines).toEqual(["peer banned"]);

  const endpoint = new FakeNetwork(clock).node("a");
  const { evidence } = await startChainServices({
    ...core,
    ...{ genesis, database, network: endpoint, pause: systemPause, alone: false, account: undefined },
    startTimer: core.metrics.chain.startTimer,
    eventLog: await EventLog.open({ database, logger: silentLogger }),
    statuses: new PeerStatuses({
      ...{ network: endpoint, clock, logger: silentLogger },
      recoveries: () => line.recoveries,
      status: () => expect.fail(),
    }),
    hashSeed: new Uint8Array(8),
  });
  const [transaction, other] = [await maker.transfer({}), await maker.transfer({ amount: 2n })];
  for (const transactions of [[transaction], [other]]) {
    const { blocks } = await maker.block(maker.start(), { transactions });
    evidence.seenHeader(blocks[0]!.header);
  }
  await expect.poll(() => lines[1]).toContain("EQUIVOCATED");
});
