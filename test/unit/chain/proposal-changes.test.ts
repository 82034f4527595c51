import { describe, expect, test } from "vitest";
import { type Proposal, Proposals, type ProposalsOptions } from "../../../src/chain/proposals.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import {
  authorityVote,
  type ChainSnapshot,
  type HeaderVote,
  noVote,
  parameterVote,
} from "../../../src/types/index.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { addressOf, byTurn, genesisParent } from "../consensus/test-chain.ts";
import { codeOf } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase } from "../support/database.ts";

const config = { epochLength: 100, slotMs: 1000 };
const setOf = (names: string) => genesisParent(names).snapshot;
const add = (name: string) => authorityVote("add", addressOf(name));
const remove = (name: string) => authorityVote("remove", addressOf(name));

async function open(options: Partial<ProposalsOptions> = {}) {
  const database = new MemoryDatabase();
  const clock = new ManualClock();
  const logs: unknown[] = [];
  const log = (fields: object) => void logs.push(fields);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const state = { finalized: setOf("ABC") as ChainSnapshot | undefined };
  const proposals = await Proposals.open({
    store: new ProposalStore(database),
    config,
    finalizedSnapshot: async () => state.finalized!,
    clock,
    logger,
    ...options,
  });
  let changes = 0;
  proposals.events.on("changed", () => changes++);
  const changed = () => {
    const before = changes;
    changes = 0;
    return before;
  };
  return { database, clock, logs, state, proposals, changed };
}

test("a proposal is taken once, and says when; each change is announced", async () => {
  const { clock, database, proposals, changed } = await open();
  const first = await proposals.propose(parameterVote("minFee", 7));
  expect(first).toEqual({ vote: parameterVote("minFee", 7), proposedAtMs: clock.now() });
  expect([changed(), database.commits]).toEqual([1, 1]);
  await clock.advance(1_000);
  expect(await proposals.propose(parameterVote("minFee", 7))).toBe(first);
  expect([changed(), database.commits]).toEqual([0, 1]);
  const other = await proposals.propose(parameterVote("minFee", 8));
  expect(other.proposedAtMs).toBe(first.proposedAtMs + 1_000);
  expect(proposals.list()).toEqual([other]);
  expect(changed()).toBe(1);
  await proposals.drop(parameterVote("minFee", 0));
  expect([changed(), proposals.list()]).toEqual([1, []]);
  const { commits } = database;
  expect(await proposals.drop(parameterVote("minFee", 0))).toBeUndefined();
  expect([changed(), database.commits]).toEqual([1, commits]);
  await proposals.onFinalized();
  expect(changed()).toBe(1);
});

test("there are 1,024 proposals at most; one of them may still be changed", async () => {
  const { proposals } = await open();
  const candidate = (number: number) => {
    const address = addressOf("Z").slice();
    address.set(uint32Bytes(number));
    return address;
  };
  for (let number = 0; number < 1023; number++)
    await proposals.propose(authorityVote("add", candidate(number)));
  await proposals.propose(parameterVote("minFee", 7));
  expect(await codeOf(proposals.propose(parameterVote("blockReward", 7)))).toBe("TOO_MANY_PROPOSALS");
  await proposals.propose(parameterVote("minFee", 8));
  expect(proposals.list()).toHaveLength(1024);
});

test("proposals are listed by parameter, and then by candidate, in whatever order they came", async () => {
  const { proposals } = await open();
  const [first, second] = byTurn("XY") as [string, string];
  const votes = [parameterVote("blockReward", 9), add(second), parameterVote("minFee", 9), add(first)];
  for (const vote of votes) await proposals.propose(vote);
  expect(proposals.list().map(({ vote }) => vote)).toEqual([add(first), add(second), votes[2], votes[0]]);
});

describe("a proposal is refused, with the reason,", () => {
  const address = (name: string) => encodeAddress(addressOf(name));
  test.each<[string, HeaderVote, string, string]>([
    ["of nobody", authorityVote("add", new Uint8Array(32)), "MALFORMED", "no key belongs to this address"],
    ["of an authority", add("A"), "NOTHING_TO_CHANGE", `${address("A")} is already an authority`],
    ["to remove a stranger", remove("D"), "NOTHING_TO_CHANGE", `${address("D")} is not an authority`],
    ["of the present value", parameterVote("minFee", 1), "NOTHING_TO_CHANGE", "minFee is 1 already"],
    ["of an earlier version", parameterVote("rules", 0), "NOTHING_TO_CHANGE", "rules is 0 already"],
    ["of an unknown parameter", { ...parameterVote("minFee", 9), parameter: 8 }, "MALFORMED", ""],
  ])("%s", async (_, vote, code, reason) => {
    const { proposals, database } = await open();
    await expect(proposals.propose(vote)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(reason),
    });
    expect(database.commits).toBe(0);
  });

  test("refuses to propose a parameter where no authority is left that could vote", async () => {
    const { proposals, state } = await open();
    state.finalized = { ...setOf("A"), authorities: [] };
    expect(await codeOf(proposals.propose(parameterVote("minFee", 7)))).toBe("MALFORMED");
  });
});

test("the log names what was proposed and what was enacted", async () => {
  const { proposals, logs, state } = await open();
  await proposals.propose(parameterVote("minFee", 7));
  await proposals.propose(add("D"));
  await proposals.propose(remove("A"));
  const [minFee, added, removed] = [
    { kind: "set", parameter: "minFee", value: "7" },
    { kind: "add", candidate: encodeAddress(addressOf("D")) },
    { kind: "remove", candidate: encodeAddress(addressOf("A")) },
  ];
  expect(logs).toEqual([minFee, added, removed]);
  logs.length = 0;
  state.finalized = setOf("BCD");
  await proposals.onFinalized();
  const enacted = [added, removed].map((fields) => ({ ...fields, authorities: 3 }));
  expect(logs).toHaveLength(2);
  expect(logs).toEqual(expect.arrayContaining(enacted));
  expect(proposals.list().map(({ vote }) => vote)).toEqual([parameterVote("minFee", 7)]);
});

test("a failure to read the final state is logged, and fails nothing", async () => {
  const { proposals, logs, state, changed } = await open();
  await proposals.propose(add("D"));
  logs.length = 0;
  changed();
  state.finalized = undefined;
  await proposals.onFinalized();
  expect([logs.length, changed(), proposals.list().length]).toEqual([1, 1, 1]);
});

describe("the vote of a block", () => {
  test("takes turns between the change of the set and the parameters, one for each round of the authorities", async () => {
    const { proposals } = await open();
    await proposals.propose(parameterVote("minFee", 7));
    await proposals.propose(add("D"));
    await proposals.propose(parameterVote("blockReward", 7));
    const snapshot = setOf("ABC");
    const kinds = [3, 4, 5, 6, 8, 9, 11, 12, 18].map((height) => {
      const { kind, parameter } = proposals.voteFor(snapshot, height, addressOf("A"));
      return `${kind} ${parameter}`;
    });
    const [set, minFee, blockReward] = [
      "1 0",
      `3 ${parameterVote("minFee", 7).parameter}`,
      `3 ${parameterVote("blockReward", 7).parameter}`,
    ];
    expect(kinds).toEqual([minFee, minFee, minFee, blockReward, blockReward, set, set, minFee, set]);
  });

  test("votes for a proposal even if that completes a majority", async () => {
    const { proposals } = await open();
    const vote = parameterVote("minFee", 7);
    await proposals.propose(vote);
    const snapshot = { ...setOf("ABC"), openVotes: [{ voter: addressOf("B"), vote, height: 1 }] };
    expect(proposals.voteFor(snapshot, 2, addressOf("A"))).toEqual(vote);
    expect(proposals.voteFor(snapshot, 2, addressOf("B"))).toEqual(noVote);
  });

  test("votes on the set despite an open vote on a parameter, and withdraws a vote to remove by one to add", async () => {
    const { proposals, state } = await open();
    state.finalized = setOf("ABCDE");
    await proposals.onFinalized();
    const open5 = (vote: HeaderVote) => ({
      ...setOf("ABCDE"),
      openVotes: [{ voter: addressOf("A"), vote, height: 1 }],
    });
    await proposals.propose(remove("B"));
    expect(proposals.voteFor(open5(parameterVote("minFee", 9)), 2, addressOf("A"))).toEqual(remove("B"));
    expect(proposals.voteFor(open5(remove("C")), 2, addressOf("A"))).toEqual(add("C"));
    expect(proposals.voteFor(open5(add("F")), 2, addressOf("A"))).toEqual(remove("F"));
  });

  test("removes no last authority, although that may be proposed", async () => {
    const { proposals, state } = await open();
    state.finalized = setOf("A");
    await proposals.onFinalized();
    await proposals.propose(remove("A"));
    expect(proposals.voteFor(setOf("A"), 1, addressOf("A"))).toEqual(noVote);
  });

  test("wants a block, or the first one of an epoch that is in its way", async () => {
    const { proposals } = await open();
    const snapshot = setOf("ABC");
    const wants = (height: number, name = "A", openVotes: ChainSnapshot["openVotes"] = []) =>
      proposals.wantsBlock({ ...snapshot, openVotes }, height, addressOf(name));
    expect(wants(99)).toBe(false);
    await proposals.propose(add("D"));
    const votes = [{ voter: addressOf("B"), vote: add("D"), height: 5 }];
    expect([wants(99), wants(100), wants(101), wants(99, "Z")]).toEqual([true, true, true, false]);
    // A vote that is open is a reason of its own for the first block of an epoch.
    expect([wants(99, "A", votes), wants(100, "A", votes)]).toEqual([true, false]);
  });
});

test("votes for a stored proposal after a restart", async () => {
  const stored: Proposal[] = [{ vote: add("D"), proposedAtMs: 5 }];
  const store = { load: async () => stored, save: async () => undefined, remove: async () => undefined };
  const { proposals } = await open({ store });
  expect(proposals.list()).toEqual(stored);
  expect(proposals.voteFor(setOf("ABC"), 1, addressOf("A"))).toEqual(add("D"));
});
