import { afterAll, beforeAll, expect, test } from "vitest";
import { diagnose } from "../../../src/node/diagnosis.ts";
import {
  type DiagnosisChainSources,
  DiagnosisInputs,
  type DiagnosisSources,
} from "../../../src/node/diagnosis-input.ts";
import type { SigningLock } from "../../../src/node/diagnosis-types.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { alice, authority, type Fixture, startFixture } from "../api/fixture.ts";
import { authorities, testChain, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";

let node: Fixture;
beforeAll(async () => {
  node = await startFixture();
});
afterAll(() => node.close());

/** Returns the sources of a healthy node without peers; `sources` replace what a test has. */
function testSources(
  sources: Partial<DiagnosisSources> & Pick<DiagnosisSources, "clock" | "modes" | "own">,
): DiagnosisSources {
  return {
    network: { peers: () => [], hostOf: (peer) => peer },
    statuses: { get: () => undefined },
    hasGenesis: () => false,
    signingLock: () => undefined,
    facts: () => ({
      genesisPin: undefined,
      writeFailure: undefined,
      freeDiskBytes: undefined,
      unreached: [],
      ownChain: undefined,
      places: { inbound: { taken: 0, limit: 1 }, crowded: [], outbound: { taken: 0, limit: 1 } },
      mainThread: { utilization: 0, delayMs: 0, overMs: 10_000 },
    }),
    ...sources,
  };
}

/** Returns the sources that come with the node's chain, as if its blocks were final at once. */
function chainSources(): DiagnosisChainSources {
  const { chain, mempool } = node;
  const { events, reader, rules, tree } = chain;
  const finalPoint = () => ({ round: 1, height: chain.head.height, id: chain.head.id });
  return {
    chain: {
      ...{ events, reader, rules, tree, awaited: undefined },
      get head() {
        return chain.head;
      },
      get snapshot() {
        return chain.snapshot;
      },
      get finalized() {
        return finalPoint();
      },
    },
    mempool,
    synchronizer: { progress: undefined, shown: undefined },
    finality: () => {
      const point = finalPoint();
      return { finalized: point, round: 1, voters: [], authorities: [], quorum: 1 };
    },
    conflicts: { list: () => [] },
    recoveries: { claims: () => ({ unknown: [], without: 0 }) },
  };
}

test("makes a diagnosis from the state of a chain", async () => {
  const clock = new ManualClock();
  const modes = new ModeMachine("boot", silentLogger);
  const lock: { is: SigningLock | undefined } = { is: undefined };
  const own = { publicKey: authority.publicKey, mines: true };
  const inputs = new DiagnosisInputs(testSources({ clock, modes, own, signingLock: () => lock.is }));
  expect(diagnose(inputs.gather()).state).toBe("no-genesis");

  await node.produce();
  const { chain } = node;
  await inputs.follow(chainSources());
  expect(diagnose(inputs.gather()).state).toBe("syncing");
  expect(inputs.isKnownInSync(authority.publicKey)).toBe(false);
  modes.enter("ready");
  expect(inputs.isKnownInSync(authority.publicKey)).toBe(true);
  expect(inputs.isKnownInSync(alice.publicKey)).toBeUndefined();

  // The previous block is read from the chain, and the next one comes as an event.
  const seen = () => inputs.gather().chain!.activity.get(toHex(authority.publicKey));
  expect(seen()).toMatchObject({ lastHeight: 1, lastVoteMs: undefined });
  await node.produce();
  inputs.onFinalityVote(authority.publicKey);
  expect(seen()).toMatchObject({ lastHeight: 2, lastVoteMs: clock.now() });

  await clock.advance(chain.head.header.message.timestamp - clock.now() + 2_000);
  expect(diagnose(inputs.gather()).state).toBe("ok");
  lock.is = { headers: true, votes: true, reason: "doubtful", isFinal: false };
  await clock.advance(10_000);
  const halted = diagnose(inputs.gather());
  expect(halted.state).toBe("halted");
  expect(halted.findings.map(({ code }) => code)).toEqual(["SIGNING_LOCKED"]);

  await node.mempool.add(node.mempool.records([await node.sign({})]), "local");
  expect(inputs.gather().chain!.wantedSinceMs).toBe(clock.now());
  await node.produce();
  expect(inputs.gather().chain).toMatchObject({ wantedSinceMs: undefined, sinceMs: clock.now() });

  inputs.stop();
  await node.produce();
  expect(seen()).toMatchObject({ lastHeight: 3 });
});

test("knows that another account is in sync by the blocks that it has signed", async () => {
  const peer = {
    id: "p1",
    address: "",
    direction: "inbound",
    score: 0,
    connectedAtMs: 0,
    chosen: false,
  } as const;
  const inputs = new DiagnosisInputs(
    testSources({
      clock: new ManualClock(),
      modes: new ModeMachine("boot", silentLogger),
      network: { peers: () => [peer], hostOf: (id) => `host of ${id}` },
      own: { publicKey: alice.publicKey, mines: true },
    }),
  );
  await inputs.follow(chainSources());
  expect(inputs.isKnownInSync(authority.publicKey)).toBe(true);
  expect(inputs.gather().peers).toEqual([
    {
      id: "p1",
      host: "host of p1",
      address: "",
      chosen: false,
      connectedAtMs: 0,
      isFollowed: undefined,
      clockOffsetMs: undefined,
      roundTripMs: undefined,
    },
  ]);
});

test("rivals of the head are blocks that were imported, until the chain goes on; a peer's head is no reason for one", async () => {
  const { chain, maker, addAll } = await testChain({ genesis: await testGenesis(4) });
  const inputs = new DiagnosisInputs(
    testSources({
      clock: new ManualClock(),
      modes: new ModeMachine("boot", silentLogger),
      network: {
        peers: () => [
          { id: "p1", address: "", direction: "inbound", score: 0, connectedAtMs: 0, chosen: true },
        ],
        hostOf: (peer) => peer,
      },
      statuses: { get: () => ({ status: { height: 1, headId: one.id } }) as never },
      own: { publicKey: alice.publicKey, mines: false },
    }),
  );
  await inputs.follow({ ...chainSources(), chain, mempool: { hasExecutable: false, nonceGap: undefined } });
  const rivals = () => inputs.gather().chain!.rivals;
  const one = await maker.block(maker.start(), { by: authorities[1]! });
  await addAll(one);
  const other = await maker.block(maker.start(), { by: authorities[0]! });
  expect(rivals()).toEqual([]);
  await addAll(other);
  const lost = [one, other].filter(({ idHex }) => idHex !== chain.head.idHex);
  expect(rivals()).toEqual(lost.map(({ idHex }) => ({ height: 1, id: idHex })));
  await addAll(await maker.extend(chain.head.idHex === one.idHex ? one : other, 1));
  expect(rivals()).toEqual([]);
});
