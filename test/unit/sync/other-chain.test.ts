import { expect, onTestFinished, test } from "vitest";
import { askChainName } from "../../../src/sync/chain-name.ts";
import { ownStatus } from "../../../src/sync/claimed-status.ts";
import { PeerStatuses, type PeerStatusesOptions } from "../../../src/sync/peer-statuses.ts";
import { serveGenesis } from "../../../src/sync/serve.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { line } from "../../own-line.ts";
import { testGenesis } from "../support/chain.ts";
import { FakeNetwork, type FakeNode } from "../support/network.ts";
import { settledClock } from "../support/sync-node.ts";

const ours = await testGenesis(1, { name: new TextEncoder().encode("ours") });
const theirs = await testGenesis(2, { name: new TextEncoder().encode("theirs") });

/** Returns the start of a node of a chain, or of none. */
function setUp() {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const start = (name: string, own?: typeof ours, more: Partial<PeerStatusesOptions> = {}) => {
    const network = net.node(name);
    const statuses = new PeerStatuses({
      network,
      clock,
      logger: silentLogger,
      recoveries: () => line.recoveries,
      status: () => ownStatus(own?.id, undefined, clock.now(), line),
      ...more,
    });
    statuses.start();
    onTestFinished(() => statuses.stop());
    if (own)
      serveGenesis(
        network,
        () => own,
        async () => own.block,
      );
    return network;
  };
  return { clock, net, start };
}

const offences = ({ penalties }: FakeNode) => penalties.map(({ offence }) => offence);

test("a dialled peer of another chain is sent away once its name is known; one that called gets time to ask for this one's", async () => {
  const { clock, net, start } = setUp();
  const names: (string | undefined)[] = [];
  const caller: FakeNode = start("a", ours, {
    async onOtherChain(peer, genesisId) {
      expect(genesisId).toEqual(theirs.id);
      names.push(await askChainName({ network: caller, clock }, peer, genesisId));
    },
  });
  const called = start("b", theirs);
  called.callers.add("a");
  net.delayMs = 50;
  net.connect(caller, called);
  await clock.advance(120);
  expect([offences(caller), offences(called)]).toEqual([[], []]);
  await clock.advance(500);
  expect([names, offences(caller), offences(called)]).toEqual([["theirs"], ["wrongGenesis"], []]);
  await clock.advance(2_000);
  expect([names, offences(caller), offences(called)]).toEqual([
    ["theirs"],
    ["wrongGenesis"],
    ["wrongGenesis"],
  ]);
});

test("a name is not waited for longer than a moment, and is none without its genesis block", async () => {
  const { clock, net, start } = setUp();
  const caller = start("a");
  const called = start("b", theirs);
  net.connect(caller, called);
  const ask = (genesisId: Uint8Array) => {
    const answer: { is?: string | undefined } = {};
    void askChainName({ network: caller, clock }, "b", genesisId).then((name) => {
      answer.is = name ?? "none";
    });
    return answer;
  };
  const [known, other] = [ask(theirs.id), ask(ours.id)];
  await clock.advance(10);
  expect([known.is, other.is]).toEqual(["theirs", "none"]);
  net.delayMs = 60_000;
  const late = ask(theirs.id);
  await clock.advance(1_100);
  expect(late.is).toBe("none");
});

test("a node that looks for one chain sends nodes of others away, and keeps those that look for one too", async () => {
  const { clock, net, start } = setUp();
  const seeker = start("a", undefined, { genesisPin: ours.id });
  for (const [name, chain] of [
    ["b", theirs],
    ["c", ours],
    ["d", undefined],
  ] as const)
    net.connect(seeker, start(name, chain));
  await clock.advance(2_000);
  expect(offences(seeker)).toContain("wrongGenesis");
  expect(new Set(seeker.penalties.map(({ peer }) => peer))).toEqual(new Set(["b"]));
});
