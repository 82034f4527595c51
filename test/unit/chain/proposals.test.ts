import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Proposals, type ProposalsOptions } from "../../../src/chain/proposals.ts";
import { applyHeader, genesisSnapshot } from "../../../src/consensus/index.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import {
  type AuthoritySnapshot,
  type AuthorityVote,
  noVote,
  voteKinds,
  zero32,
} from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { addressOf, byTurn, codeOf } from "../consensus/test-chain.ts";

const epochLength = 100;
let folder: string;
let database: LevelDatabase;
let finalized: AuthoritySnapshot;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ccoin-proposals-"));
  database = await LevelDatabase.open(folder);
  finalized = setOf("ABC");
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const setOf = (names: string) => genesisSnapshot([...names].map(addressOf));
const open = (options: Partial<ProposalsOptions> = {}) =>
  Proposals.open({
    store: new ProposalStore(database),
    epochLength,
    finalizedSnapshot: () => finalized,
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
const add = (name: string) => ({ kind: voteKinds.add, candidate: addressOf(name) });
const remove = (name: string) => ({ kind: voteKinds.remove, candidate: addressOf(name) });
/** The snapshot after blocks in which `names` cast `vote`, from `height` on. */
function cast(snapshot: AuthoritySnapshot, height: number, names: string, vote: AuthorityVote) {
  let after = snapshot;
  for (const [index, name] of [...names].entries()) {
    after = applyHeader(after, { height: height + index, proposer: addressOf(name), vote }, { epochLength });
  }
  return after;
}

describe("a proposal", () => {
  test("is voted for, once it is open no more", async () => {
    const proposals = await open();
    const snapshot = setOf("ABC");
    expect(proposals.voteFor(snapshot, 1, addressOf("A"))).toEqual(noVote);
    await proposals.propose(addressOf("D"), "add");
    expect(proposals.voteFor(snapshot, 1, addressOf("A"))).toEqual(add("D"));
    const after = cast(snapshot, 1, "A", add("D"));
    expect(proposals.voteFor(after, 2, addressOf("A"))).toEqual(noVote);
    expect(proposals.voteFor(after, 2, addressOf("B"))).toEqual(add("D"));
  });

  test("is not voted for by an epoch block, and again after it", async () => {
    const proposals = await open();
    await proposals.propose(addressOf("D"), "add");
    const open99 = cast(setOf("ABC"), 98, "A", add("D"));
    expect(proposals.voteFor(open99, 100, addressOf("B"))).toEqual(noVote);
    const cleared = applyHeader(
      open99,
      { height: 100, proposer: addressOf("B"), vote: noVote },
      { epochLength },
    );
    expect(proposals.voteFor(cleared, 101, addressOf("A"))).toEqual(add("D"));
  });

  test("is kept on disk, and replaced by one of the other kind", async () => {
    const first = await open();
    await first.propose(addressOf("D"), "add");
    await first.propose(addressOf("A"), "remove");
    const second = await open();
    expect(second.list()).toEqual(first.list());
    finalized = setOf("ABCD");
    await second.propose(addressOf("D"), "remove");
    const kinds = (await open()).list().map(({ kind }) => kind);
    expect(kinds).toEqual(["remove", "remove"]);
  });

  test("of what is so already changes nothing, and nobody has the zero address", async () => {
    const proposals = await open();
    const code = (run: Promise<unknown>) =>
      run.then(
        () => "no error",
        (error) =>
          codeOf(() => {
            throw error;
          }),
      );
    expect(await code(proposals.propose(addressOf("A"), "add"))).toBe("NOTHING_TO_CHANGE");
    expect(await code(proposals.propose(addressOf("D"), "remove"))).toBe("NOTHING_TO_CHANGE");
    expect(await code(proposals.propose(zero32, "add"))).toBe("MALFORMED");
    expect(proposals.list()).toEqual([]);
  });

  test("stays until a finalized block has enacted it, over a restart too", async () => {
    const proposals = await open();
    await proposals.propose(addressOf("D"), "add");
    await proposals.propose(addressOf("C"), "remove");
    await proposals.onFinalized();
    expect(proposals.list()).toHaveLength(2);
    // At the head it is enacted already: no vote, but it stays.
    const head = setOf("ABCD");
    expect(proposals.voteFor(head, 9, addressOf("A"))).toEqual(remove("C"));
    expect(proposals.list()).toHaveLength(2);
    finalized = head;
    await proposals.onFinalized();
    expect(proposals.list()).toMatchObject([{ kind: "remove" }]);
    finalized = setOf("ABD");
    expect((await open()).list()).toEqual([]);
    expect((await open()).list()).toEqual([]);
  });

  test("can be dropped", async () => {
    const proposals = await open();
    await proposals.propose(addressOf("D"), "add");
    expect(await proposals.drop(addressOf("D"))).toMatchObject({ kind: "add" });
    expect(await proposals.drop(addressOf("D"))).toBeUndefined();
    expect((await open()).list()).toEqual([]);
  });
});

describe("the vote of a block", () => {
  test("is none where the voter is no authority, or the vote could change nothing", async () => {
    finalized = setOf("AB");
    const proposals = await open();
    await proposals.propose(addressOf("A"), "remove");
    expect(proposals.voteFor(setOf("AB"), 1, addressOf("Z"))).toEqual(noVote);
    expect(proposals.voteFor(setOf("AB"), 1, addressOf("B"))).toEqual(remove("A"));
    // That would end the chain.
    expect(proposals.voteFor(setOf("A"), 1, addressOf("A"))).toEqual(noVote);
  });

  test("takes turns, the same on nodes with the same proposals", async () => {
    const proposals = await open();
    for (const name of "XYZ") await proposals.propose(addressOf(name), "add");
    const snapshot = setOf("ABC");
    const rounds = [3, 6, 9, 12].map((height) => proposals.voteFor(snapshot, height, addressOf("A")));
    expect(new Set(rounds.slice(0, 3).map(({ candidate }) => candidate[0])).size).toBe(3);
    expect(rounds[3]).toEqual(rounds[0]);
    for (const name of "BC") {
      expect(proposals.voteFor(snapshot, 4, addressOf(name))).toEqual(rounds[0]);
    }
  });

  test("reaches every proposal, within an epoch that has room for it", async () => {
    const proposals = await open();
    for (const name of "XYZ") await proposals.propose(addressOf(name), "add");
    let snapshot = setOf("ABC");
    const order = byTurn("ABC");
    for (let height = 1; height <= 20; height++) {
      const proposer = snapshot.authorities[height % snapshot.authorities.length]!;
      const isOurs = order.some((name) => Buffer.compare(addressOf(name), proposer) === 0);
      const vote = isOurs ? proposals.voteFor(snapshot, height, proposer) : noVote;
      snapshot = applyHeader(snapshot, { height, proposer, vote }, { epochLength });
    }
    expect(snapshot.authorities).toHaveLength(6);
  });

  test("touches again what a smaller set has brought to a majority", async () => {
    finalized = setOf("ABCDE");
    const proposals = await open();
    await proposals.propose(addressOf("E"), "remove");
    // Two of five are for the removal of E; then D goes, and of four three are needed; then C, and two are enough.
    let snapshot = cast(setOf("ABCDE"), 1, "AB", remove("E"));
    snapshot = cast(snapshot, 3, "ABC", remove("D"));
    snapshot = cast(snapshot, 6, "ABC", remove("C"));
    expect(snapshot.authorities).toHaveLength(3);
    expect(proposals.voteFor(snapshot, 9, addressOf("A"))).toEqual(remove("E"));
    const after = cast(snapshot, 9, "A", remove("E"));
    expect(after.authorities).toHaveLength(2);
  });
});
