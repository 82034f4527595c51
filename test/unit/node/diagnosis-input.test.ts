import { afterAll, beforeAll, expect, test } from "vitest";
import { diagnose } from "../../../src/node/diagnosis.ts";
import { DiagnosisInputs } from "../../../src/node/diagnosis-input.ts";
import type { SigningLock } from "../../../src/node/diagnosis-types.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { alice, authority, type Fixture, startFixture } from "../api/fixture.ts";
import { ManualClock } from "../support/clock.ts";

let node: Fixture;
beforeAll(async () => {
  node = await startFixture();
});
afterAll(() => node.close());

test("makes a diagnosis from the state of a chain", async () => {
  const clock = new ManualClock();
  const modes = new ModeMachine("boot", silentLogger);
  const lock: { is: SigningLock | undefined } = { is: undefined };
  const sources = {
    clock,
    modes,
    network: { peers: () => [], hostOf: (peer: string) => peer },
    statuses: { get: () => undefined },
    own: { publicKey: authority.publicKey, mines: true },
    signingLock: () => lock.is,
  };
  const inputs = new DiagnosisInputs(sources);
  expect(diagnose(inputs.gather()).state).toBe("no-genesis");

  await node.produce();
  const { chain, mempool } = node;
  await inputs.follow({ chain, mempool, synchronizer: { progress: undefined } });
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
  lock.is = { headers: true, votes: true, reason: "doubtful" };
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

test("another account's known blocks make it known", async () => {
  const inputs = new DiagnosisInputs({
    clock: new ManualClock(),
    modes: new ModeMachine("boot", silentLogger),
    network: {
      peers: () => [
        { id: "p1", address: "", direction: "inbound", score: 0, connectedAtMs: 0, chosen: false },
      ],
      hostOf: (peer) => `host of ${peer}`,
    },
    statuses: { get: () => undefined },
    own: { publicKey: alice.publicKey, mines: true },
  });
  const { chain, mempool } = node;
  await inputs.follow({ chain, mempool, synchronizer: { progress: undefined } });
  expect(inputs.isKnownInSync(authority.publicKey)).toBe(true);
  expect(inputs.gather().peers).toEqual([
    {
      id: "p1",
      host: "host of p1",
      chosen: false,
      head: undefined,
      clockOffsetMs: undefined,
      roundTripMs: undefined,
    },
  ]);
});
