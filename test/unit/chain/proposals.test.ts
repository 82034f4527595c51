import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Proposals, type ProposalsOptions } from "../../../src/chain/proposals.ts";
import { applyHeader } from "../../../src/consensus/index.ts";
import { damaged } from "../../../src/storage/damaged.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import {
  authorityVote,
  type ChainSnapshot,
  type HeaderVote,
  noVote,
  parameterVote,
  voteKinds,
} from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { closed } from "../../../src/util/errors.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { addressOf, byTurn, codeOf, genesisParent } from "../consensus/test-chain.ts";

const config = { epochLength: 100, slotMs: 1000 };
let folder: string;
let database: LevelDatabase;
let finalized: ChainSnapshot;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccoin-proposals-"));
  database = await LevelDatabase.open(folder);
  finalized = setOf("ABC");
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const setOf = (names: string) => genesisParent(names).snapshot;
const open = (options: Partial<ProposalsOptions> = {}) =>
  Proposals.open({
    store: new ProposalStore(database),
    config,
    finalizedSnapshot: async () => finalized,
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
const add = (name: string) => authorityVote("add", addressOf(name));
const remove = (name: string) => authorityVote("remove", addressOf(name));
/** Returns the snapshot after blocks from `height` on in which `names` cast `vote`. */
function cast(snapshot: ChainSnapshot, height: number, names: string, vote: HeaderVote) {
  let after = snapshot;
  for (const [index, name] of [...names].entries()) {
    after = applyHeader(after, { height: height + index, proposer: addressOf(name), vote }, config);
  }
  return after;
}

describe("a proposal", () => {
  test("votes for a proposal until its vote is open", async () => {
    const proposals = await open();
    const snapshot = setOf("ABC");
    expect(proposals.voteFor(snapshot, 1, addressOf("A"))).toEqual(noVote);
    await proposals.propose(add("D"));
    expect(proposals.voteFor(snapshot, 1, addressOf("A"))).toEqual(add("D"));
    const after = cast(snapshot, 1, "A", add("D"));
    expect(proposals.voteFor(after, 2, addressOf("A"))).toEqual(noVote);
    expect(proposals.voteFor(after, 2, addressOf("B"))).toEqual(add("D"));
  });

  test("votes for a proposal in the block after an epoch block, not in the epoch block", async () => {
    const proposals = await open();
    await proposals.propose(add("D"));
    const open99 = cast(setOf("ABC"), 98, "A", add("D"));
    expect(proposals.voteFor(open99, 100, addressOf("B"))).toEqual(noVote);
    const cleared = applyHeader(open99, { height: 100, proposer: addressOf("B"), vote: noVote }, config);
    expect(proposals.voteFor(cleared, 101, addressOf("A"))).toEqual(add("D"));
  });

  test("keeps a proposal on disk, and replaces it by one of the other kind", async () => {
    const first = await open();
    await first.propose(add("D"));
    await first.propose(remove("A"));
    const second = await open();
    expect(second.list()).toEqual(first.list());
    finalized = setOf("ABCD");
    await second.propose(remove("D"));
    const kinds = (await open()).list().map(({ vote }) => vote.kind);
    expect(kinds).toEqual([voteKinds.remove, voteKinds.remove]);
  });

  test("refuses a proposal that would change nothing", async () => {
    const proposals = await open();
    const code = (run: Promise<unknown>) =>
      run.then(
        () => "no error",
        (error) =>
          codeOf(() => {
            throw error;
          }),
      );
    expect(await code(proposals.propose(add("A")))).toBe("NOTHING_TO_CHANGE");
    expect(await code(proposals.propose(remove("D")))).toBe("NOTHING_TO_CHANGE");
    expect(proposals.list()).toEqual([]);
  });

  test("stays until a finalized block has enacted it, also across a restart", async () => {
    const proposals = await open();
    await proposals.propose(add("D"));
    await proposals.propose(remove("C"));
    await proposals.onFinalized();
    expect(proposals.list()).toHaveLength(2);
    // The change is enacted at the head but not final: the proposal stays, and no other change of the set is voted for.
    const head = setOf("ABCD");
    expect(proposals.voteFor(head, 9, addressOf("A"))).toEqual(noVote);
    expect(proposals.list()).toHaveLength(2);
    finalized = head;
    await proposals.onFinalized();
    expect(proposals.voteFor(head, 9, addressOf("A"))).toEqual(remove("C"));
    expect(proposals.list()).toMatchObject([{ vote: remove("C") }]);
    finalized = setOf("ABD");
    expect((await open()).list()).toEqual([]);
    expect((await open()).list()).toEqual([]);
  });

  test("that a finalized block has enacted stays without an error if the database is closed, or with one if it cannot be read", async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => errors.push(message) } as Logger;
    let failure: () => never = () => closed("the database");
    const proposals = await open({ logger, finalizedSnapshot: async () => failure() });
    await proposals.onFinalized();
    expect(errors).toEqual([]);
    failure = () => damaged("a block is missing");
    await proposals.onFinalized();
    expect(errors).toEqual(["could not remove the proposals that are done"]);
  });

  test("withdraws a proposal", async () => {
    const proposals = await open();
    await proposals.propose(add("D"));
    expect(await proposals.drop(remove("D"))).toMatchObject({ vote: add("D") });
    expect(await proposals.drop(remove("D"))).toBeUndefined();
    expect((await open()).list()).toEqual([]);
  });
});

describe("the vote of a block", () => {
  test("casts no vote if the voter is not an authority, or if it would change nothing", async () => {
    finalized = setOf("AB");
    const proposals = await open();
    await proposals.propose(remove("A"));
    expect(proposals.voteFor(setOf("AB"), 1, addressOf("Z"))).toEqual(noVote);
    expect(proposals.voteFor(setOf("AB"), 1, addressOf("B"))).toEqual(remove("A"));
    // Removing the last authority would end the chain.
    finalized = setOf("A");
    await proposals.onFinalized();
    expect(proposals.voteFor(setOf("A"), 1, addressOf("A"))).toEqual(noVote);
  });

  test("alternates between the proposals, in the same way on nodes with the same proposals", async () => {
    const proposals = await open();
    for (const name of "XYZ") await proposals.propose(add(name));
    const snapshot = setOf("ABC");
    const turns = [12, 24, 36, 48].map((height) => proposals.voteFor(snapshot, height, addressOf("A")));
    expect(new Set(turns.slice(0, 3).map(({ candidate }) => candidate[0])).size).toBe(3);
    expect(turns[3]).toEqual(turns[0]);
    for (const name of "BC") {
      expect(proposals.voteFor(snapshot, 23, addressOf(name))).toEqual(turns[0]);
    }
  });

  test("withdraws an open vote on the set before it is for another change, so that an authority never has two", async () => {
    const proposals = await open();
    for (const name of "XY") await proposals.propose(add(name));
    const first = proposals.voteFor(setOf("ABC"), 13, addressOf("A"));
    let snapshot = cast(setOf("ABC"), 13, "A", first);
    expect(proposals.voteFor(snapshot, 16, addressOf("A"))).toEqual(noVote);
    const withdrawal = proposals.voteFor(snapshot, 25, addressOf("A"));
    expect(withdrawal).toEqual({ ...first, kind: voteKinds.remove });
    snapshot = cast(snapshot, 25, "A", withdrawal);
    expect(snapshot.openVotes).toEqual([]);
    const second = proposals.voteFor(snapshot, 28, addressOf("A"));
    expect(second).toMatchObject({ kind: voteKinds.add });
    expect(second.candidate).not.toEqual(first.candidate);
    // A vote of another node on the first one is none of this node's.
    expect(proposals.voteFor(cast(snapshot, 26, "B", first), 28, addressOf("A"))).toEqual(second);
  });

  test("withdraws no vote if that would enact the change", async () => {
    finalized = setOf("ABCDE");
    const proposals = await open();
    await proposals.propose(add("Z"));
    // Two of five vote for Y, then the set becomes smaller: any vote on Y adds it now.
    let snapshot = cast(finalized, 1, "ABC", add("Y"));
    expect(snapshot.authorities).toHaveLength(6);
    snapshot = cast(finalized, 1, "AB", add("Y"));
    snapshot = cast(cast(snapshot, 3, "CDA", remove("E")), 6, "CAB", remove("D"));
    expect(snapshot.authorities).toHaveLength(3);
    snapshot = {
      ...snapshot,
      openVotes: [...snapshot.openVotes, { ...snapshot.openVotes[0]!, voter: addressOf("C") }],
    };
    finalized = snapshot;
    await proposals.onFinalized();
    expect(proposals.voteFor(snapshot, 9, addressOf("A"))).toEqual(noVote);
  });

  test("reaches every proposal, within an epoch that has room for it", async () => {
    const proposals = await open();
    for (const name of "XYZ") await proposals.propose(add(name));
    let snapshot = setOf("ABC");
    const order = byTurn("ABC");
    for (let height = 1; height <= 20; height++) {
      const proposer = snapshot.authorities[height % snapshot.authorities.length]!;
      const isOurs = order.some((name) => Buffer.compare(addressOf(name), proposer) === 0);
      const vote = isOurs ? proposals.voteFor(snapshot, height, proposer) : noVote;
      snapshot = applyHeader(snapshot, { height, proposer, vote }, config);
      finalized = snapshot;
      await proposals.onFinalized();
    }
    expect(snapshot.authorities).toHaveLength(6);
  });

  test("votes again on a subject that has a majority of a smaller set", async () => {
    finalized = setOf("ABCDE");
    const proposals = await open();
    await proposals.propose(remove("E"));
    // Two of five vote for the removal of E. Then D is removed, and three of four are needed; then C, and two are
    // enough.
    let snapshot = cast(setOf("ABCDE"), 1, "AB", remove("E"));
    snapshot = cast(snapshot, 3, "ABC", remove("D"));
    snapshot = cast(snapshot, 6, "ABC", remove("C"));
    expect(snapshot.authorities).toHaveLength(3);
    finalized = snapshot;
    await proposals.onFinalized();
    expect(proposals.voteFor(snapshot, 9, addressOf("A"))).toEqual(remove("E"));
    const after = cast(snapshot, 9, "A", remove("E"));
    expect(after.authorities).toHaveLength(2);
  });
});

describe("a proposal to set a parameter", () => {
  test("votes for a parameter until a finalized block has the value", async () => {
    const proposals = await open();
    const vote = parameterVote("minFee", 7);
    await proposals.propose(vote);
    expect(proposals.voteFor(finalized, 1, addressOf("A"))).toEqual(vote);
    const after = cast(finalized, 1, "AB", vote);
    expect(after.parameters.minFee).toBe(7n);
    expect(proposals.voteFor(after, 3, addressOf("C"))).toEqual(noVote);
    finalized = after;
    await proposals.onFinalized();
    expect(proposals.list()).toEqual([]);
    expect((await open()).list()).toEqual([]);
  });

  test("does not vote for a parameter unless the proposal is on disk", async () => {
    const save = () => Promise.reject(new Error("the disk is full"));
    const proposals = await open({ store: { load: async () => [], save, remove: async () => undefined } });
    await expect(proposals.propose(parameterVote("minFee", 7))).rejects.toThrow("the disk is full");
    expect(proposals.list()).toEqual([]);
  });

  test("replaces a proposal on the same parameter, also on disk", async () => {
    const proposals = await open();
    await proposals.propose(parameterVote("minFee", 7));
    await proposals.propose(parameterVote("minFee", 8));
    await proposals.propose(parameterVote("blockReward", 9));
    const votes = [parameterVote("minFee", 8), parameterVote("blockReward", 9)];
    expect(proposals.list().map(({ vote }) => vote)).toEqual(votes);
    expect((await open()).list().map(({ vote }) => vote)).toEqual(votes);
    await proposals.drop(parameterVote("minFee", 0));
    expect((await open()).list()).toMatchObject([{ vote: votes[1] }]);
  });

  test("changes the node's own open vote for another value", async () => {
    const proposals = await open();
    await proposals.propose(parameterVote("minFee", 8));
    const open7 = cast(finalized, 1, "A", parameterVote("minFee", 7));
    expect(proposals.voteFor(open7, 2, addressOf("A"))).toEqual(parameterVote("minFee", 8));
    const open8 = cast(open7, 2, "A", parameterVote("minFee", 8));
    expect(proposals.voteFor(open8, 3, addressOf("A"))).toEqual(noVote);
  });

  test("votes for a parameter while a change of the set is not final", async () => {
    const proposals = await open();
    await proposals.propose(parameterVote("minFee", 8));
    expect(proposals.voteFor(setOf("ABCD"), 1, addressOf("A"))).toEqual(parameterVote("minFee", 8));
  });

  test.each([
    [
      "a period shorter than a slot",
      parameterVote("periodMs", 999),
      "1000 (slotMs) to 1000 (emptyBlockPeriodMs)",
    ],
    [
      "a period above that of empty blocks",
      parameterVote("periodMs", 2000),
      "(slotMs) to 1000 (emptyBlockPeriodMs)",
    ],
    [
      "a period of empty blocks below the period",
      parameterVote("emptyBlockPeriodMs", 999),
      "0, or 1000 (periodMs) to 2147483647",
    ],
    ["a version of the rules that is not the next", parameterVote("rules", 3), "the next version is 2"],
    ["no transactions in a block", parameterVote("maxBlockTransactions", 0), "1 to 65536"],
    ["blocks without room", parameterVote("maxBlockBytes", 1023), "1024 to 16777216"],
  ])("refuses a parameter and names its limits: %s", async (_, vote, limits) => {
    const proposals = await open();
    await expect(proposals.propose(vote)).rejects.toMatchObject({
      code: "MALFORMED",
      message: expect.stringContaining(limits),
    });
  });

  test("refuses a proposal of the value that a parameter has", async () => {
    const proposals = await open();
    await expect(proposals.propose(parameterVote("minFee", 1))).rejects.toMatchObject({
      code: "NOTHING_TO_CHANGE",
    });
    await expect(proposals.propose(parameterVote("rules", 1))).rejects.toMatchObject({
      code: "NOTHING_TO_CHANGE",
    });
  });
});
