import { expect, test } from "vitest";
import { silentLogger } from "../../../src/util/logger.ts";
import { at, peer, setUp } from "./dialing.ts";

function withLog(options: Parameters<typeof setUp>[0]) {
  const warnings: { address: string; reason: string }[] = [];
  const warn = (fields: (typeof warnings)[number]) => warnings.push(fields);
  return {
    ...setUp({ logger: { ...silentLogger, warn, debug: () => undefined } as never, ...options }),
    warnings,
  };
}

test("the operator is told once of a given node that cannot be reached", async () => {
  const { dialer, clock, warnings } = withLog({ bootstrap: [at(1)] });
  await dialer.start();
  await clock.advance(3_000);
  expect(warnings).toEqual([]);
  await clock.advance(3_600_000);
  expect(warnings).toEqual([{ address: at(1), reason: "nobody there" }]);
  expect(dialer.unreached()).toEqual(warnings);
});

test("names the chain of a given node that has another one, even after its connection was closed", async () => {
  const { dialer, clock, alive, blocked, cut, warnings, dials } = withLog({ bootstrap: [at(1)] });
  const otherChain = { peer: "z", genesisId: "0xbb" as const, name: "theirs" };
  alive.set(at(1), "z");
  await dialer.start();
  await clock.advance(100);
  for (let times = 0; times < 6; times++) {
    dialer.isOfOtherChain(otherChain);
    blocked.set("z", clock.now() + 60_000);
    cut("z");
    dials.length = 0;
    await clock.advance(59_000);
    expect(dialer.unreached()).toEqual([{ address: at(1), reason: "it is of another chain", otherChain }]);
    // Both what was given and the peer that was found there wait until it may be dialled again.
    expect(dials).toEqual([]);
    await clock.advance(8_000);
  }
  expect(warnings).toEqual([{ address: at(1), peer: "z", genesis: "0xbb", name: "theirs" }]);

  // It has got the right chain meanwhile, and stays.
  await clock.advance(20_000);
  expect(dialer.unreached()).toEqual([]);
});

test("does not name the chain of a peer that nobody gave", async () => {
  const { dialer, warnings } = withLog({});
  await dialer.start();
  dialer.found("z", [at(1)], peer(at(50_000)));
  dialer.isOfOtherChain({ peer: "z", genesisId: "0xbb", name: "theirs" });
  expect([warnings, dialer.unreached()]).toEqual([[], []]);
});

test("a given node is listed as long as it is not reached", async () => {
  const { dialer, clock, alive } = withLog({ bootstrap: [`${at(1)}/p2p/z`, at(2)] });
  await dialer.start();
  await clock.advance(60_000);
  expect(dialer.unreached().map(({ address }) => address)).toEqual([`${at(1)}/p2p/z`, at(2)]);
  alive.set(at(1), "z");
  alive.set(at(2), "y");
  await clock.advance(60_000);
  expect(dialer.unreached()).toEqual([]);
});

test("says nothing of a peer once another is at its address, unless its id was given", async () => {
  for (const given of [[at(1)], [at(1), `${at(1)}/p2p/z`]]) {
    const { dialer, clock, alive, cut } = withLog({ bootstrap: given });
    alive.set(at(1), "z");
    await dialer.start();
    await clock.advance(20_000);
    dialer.isOfOtherChain({ peer: "z", genesisId: "0xbb", name: "theirs" });
    alive.set(at(1), "y");
    cut("z");
    await clock.advance(300_000);
    expect(dialer.unreached().map(({ address }) => address)).toEqual(given.slice(1));
    expect([dialer.isGiven("y"), dialer.isGiven("z")]).toEqual([true, given.length > 1]);
  }
});

test("does not name the chain of a peer any more once another peer is at its address", async () => {
  const { dialer, clock, alive, blocked, connected, cut } = withLog({ bootstrap: [at(1)] });
  alive.set(at(1), "z");
  await dialer.start();
  await clock.advance(100);
  dialer.isOfOtherChain({ peer: "z", genesisId: "0xbb", name: "theirs" });
  blocked.set("z", clock.now() + 60_000);
  alive.set(at(1), "y");
  cut("z");
  // It has not stayed yet, so that its chain is not known.
  for (let n = 0; n < 700 && !connected.has("y"); n++) await clock.advance(100);
  expect(dialer.unreached()).toEqual([]);
  expect(connected).toEqual(new Set(["y"]));
});

test.each([
  ["connect ECONNREFUSED 10.0.0.5:1", "the connection is refused (connect ECONNREFUSED 10.0.0.5:1)"],
  ["getaddrinfo ENOTFOUND nowhere", "the name does not resolve (getaddrinfo ENOTFOUND nowhere)"],
  [
    "Payload identity key A does not match expected remote identity key B",
    "another node answers there (Payload identity key A does not match expected remote identity key B)",
  ],
  ["The operation was aborted", "nothing answers in time (The operation was aborted)"],
  ["something else", "something else"],
])("the reason is said in plain words: %s", async (message, reason) => {
  const { dialer, clock } = withLog({ bootstrap: [at(1)], dial: () => Promise.reject(new Error(message)) });
  await dialer.start();
  await clock.advance(60_000);
  expect(dialer.unreached()).toEqual([{ address: at(1), reason }]);
});

test("the operator is told of a given node that ends connections at once, as one does that has no place for more", async () => {
  const { dialer, clock, alive, connected, cut, warnings } = withLog({ bootstrap: [`${at(1)}/p2p/z`] });
  await dialer.start();
  alive.set(at(1), "z");
  for (let n = 0; n < 200; n++) {
    await clock.advance(100);
    if (connected.has("z")) cut("z");
  }
  expect(warnings).toEqual([{ address: `${at(1)}/p2p/z`, reason: "the connection was closed at once" }]);
});

test("nothing is said of peers that nobody gave", async () => {
  const { dialer, clock, warnings } = withLog({});
  await dialer.start();
  dialer.found("z", [at(1)], peer(at(50_000)));
  await clock.advance(3_600_000);
  expect(warnings).toEqual([]);
});

test("the reasons of all addresses are named, each once", async () => {
  const errors = ["refused", "timed out", "refused"].map((text) => new Error(text));
  const dial = () => Promise.reject(new AggregateError(errors, "All multiaddr dials failed"));
  const { dialer, clock, warnings } = withLog({ bootstrap: [at(1)], dial });
  await dialer.start();
  await clock.advance(60_000);
  expect(warnings.map(({ reason }) => reason)).toEqual(["refused; timed out"]);
});
