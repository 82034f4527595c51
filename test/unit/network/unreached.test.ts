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

test("a given node is listed as long as it is not reached", async () => {
  const { dialer, clock, alive } = withLog({ bootstrap: [`${at(1)}/p2p/z`, at(2)] });
  await dialer.start();
  await clock.advance(60_000);
  expect(dialer.unreached().map(({ address }) => address)).toEqual([at(1), at(2)]);
  alive.set(at(1), "z");
  alive.set(at(2), "y");
  await clock.advance(60_000);
  expect(dialer.unreached()).toEqual([]);
});

test.each([
  ["connect ECONNREFUSED 10.0.0.5:1", "the connection is refused (connect ECONNREFUSED 10.0.0.5:1)"],
  ["getaddrinfo ENOTFOUND nowhere", "the name does not resolve (getaddrinfo ENOTFOUND nowhere)"],
  [
    "Payload identity key A does not match expected remote identity key B",
    "another node answers there (Payload identity key A does not match expected remote identity key B)",
  ],
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
  expect(warnings).toEqual([{ address: at(1), reason: "the connection was closed at once" }]);
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
