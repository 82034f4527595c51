import { describe, expect, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { Recoveries } from "../../../src/chain/recoveries.ts";
import { recoveredSnapshot, recoveryId } from "../../../src/consensus/index.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import { authorityVote, type HeaderVote, parameterVote, type Recovery } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { finalize } from "../api/finalize.ts";
import { authorities, codeOf, type Tip, testChain, testGenesis } from "../support/chain.ts";
import type { MemoryDatabase } from "../support/database.ts";
import { recoveryAt } from "../support/recovery.ts";

const genesis = await testGenesis(3);
const id = (name: number) => new Uint8Array(32).fill(name);
const at = (height: number, name: number, before?: Recovery) =>
  recoveryAt(
    genesis.id,
    { header: { height } as Tip["header"], id: id(name) },
    authorities.slice(0, 1),
    before,
  );

describe("the recoveries of a chain", () => {
  const first = at(5, 5);
  const second = at(5, 5, first);
  const third = at(9, 9, second);
  const all = new Recoveries([first, second, third]);
  const none = new Recoveries();

  test("lists recoveries with their ids, oldest first", () => {
    expect(all.ids).toEqual([first, second, third].map(recoveryId));
    expect([all.newest, none.newest]).toEqual([third, undefined]);
  });

  test("recoveries replace the snapshot after their blocks: the newest from a block counts", () => {
    const { snapshot } = genesis;
    expect(all.after(id(5), snapshot)).toEqual(recoveredSnapshot(second));
    expect(all.after(id(9), snapshot)).toEqual(recoveredSnapshot(third));
    expect(all.after(id(6), snapshot)).toBe(snapshot);
    expect(none.after(id(5), snapshot)).toBe(snapshot);
  });

  test("recoveries name their blocks, and refuse others at their heights", () => {
    expect([5, 9, 6].map((name) => all.names(id(name)))).toEqual([true, true, false]);
    const codes = [
      { height: 5, id: id(5) },
      { height: 5, id: id(9) },
      { height: 9, id: id(5) },
      { height: 6, id: id(6) },
    ].map((block) => codeOf((async () => all.requireNamed(block))()));
    return expect(Promise.all(codes)).resolves.toEqual([
      "no error",
      "BELOW_FINALIZED",
      "BELOW_FINALIZED",
      "no error",
    ]);
  });

  test("finds the recoveries before a block: those of its state and of all earlier blocks", () => {
    const earlier = (recovery: Uint8Array) => all.before({ ...genesis.snapshot, recovery });
    expect(earlier(genesis.snapshot.recovery).all).toEqual([]);
    expect(earlier(recoveryId(first)).all).toEqual([first]);
    expect(earlier(recoveryId(second)).all).toEqual([first, second]);
    expect(earlier(recoveryId(third))).toBe(all);
  });

  test("awaits recoveries while their rounds have not been reached", () => {
    const rounds = [0, first.round - 1, first.round, second.round, third.round - 1, third.round];
    expect(rounds.map((round) => all.awaited(round))).toEqual([
      first,
      first,
      second,
      third,
      third,
      undefined,
    ]);
  });
});

describe("recoveries that a node is given", () => {
  /** Eight blocks, of which the third is final. */
  async function given() {
    const node = await testChain({ genesis });
    const tips = [node.maker.start()];
    for (let height = 1; height <= 8; height++) tips.push(await node.maker.block(tips.at(-1)!));
    await node.addAll(tips[7]!);
    await finalize(node.chain, 3, authorities.slice(0, 3));
    const accept = (...recoveries: Recovery[]) => acceptRecoveries(node.stores, genesis, recoveries);
    return { ...node, tips, accept };
  }

  test("names the recoveries that are new; a file with fewer of them changes nothing", async () => {
    const { accept, stores, tips } = await given();
    const first = recoveryAt(genesis.id, tips[5]!, authorities);
    const second = recoveryAt(genesis.id, tips[5]!, authorities, first);
    const [one, two] = [first, second].map((each) => toHex(recoveryId(each)));
    expect(await accept()).toEqual({ added: [], endedProposals: 0 });
    expect(await accept(first)).toEqual({ added: [one], endedProposals: 0 });
    expect(await accept(first, second)).toEqual({ added: [two], endedProposals: 0 });
    expect(await accept(first, second)).toEqual({ added: [], endedProposals: 0 });
    expect(await accept(first)).toEqual({ added: [], endedProposals: 0 });
    expect(await stores.recoveries.all()).toEqual([first, second]);
  });

  test("accepts recoveries only once they are on disk", async () => {
    const { accept, stores, database, tips } = await given();
    (database as MemoryDatabase).failing = 1;
    const recovery = recoveryAt(genesis.id, tips[5]!, authorities);
    expect(await codeOf(accept(recovery))).toBe("WRITE_FAILED");
    expect(await stores.recoveries.all()).toEqual([]);
    await accept(recovery);
    expect(await stores.recoveries.all()).toEqual([recovery]);
  });

  test("recoveries end the proposals of the node once, which would vote again for what they undo", async () => {
    const { accept, database, tips } = await given();
    const proposals = new ProposalStore(database);
    const propose = (vote: HeaderVote) => proposals.save({ vote, proposedAtMs: 1 });
    await propose(parameterVote("minFee", 7n));
    await propose(authorityVote("remove", authorities[0]!.publicKey));
    const below = recoveryAt(genesis.id, tips[2]!, authorities);
    expect(await codeOf(accept(below))).toBe("OTHER_FINAL_BLOCK");
    expect(await proposals.load()).toHaveLength(2);
    const recovery = recoveryAt(genesis.id, tips[5]!, authorities);
    expect(await accept(recovery)).toMatchObject({ endedProposals: 2 });
    expect(await proposals.load()).toEqual([]);
    await propose(parameterVote("minFee", 8n));
    expect(await accept(recovery)).toMatchObject({ endedProposals: 0 });
    expect(await proposals.load()).toHaveLength(1);
  });

  test("refuses a recovery that is not valid", async () => {
    const { accept, tips } = await given();
    expect(await codeOf(accept({ ...recoveryAt(genesis.id, tips[5]!, authorities), round: 0 }))).toBe(
      "BAD_RECOVERY",
    );
  });

  test.each([
    ["is the final one", 3, "no error"],
    ["descends from the final one", 7, "no error"],
    ["is not here yet", 8, "no error"],
    ["is below the final one", 2, "OTHER_FINAL_BLOCK"],
  ])("judges a recovery by its block, which %s", async (_, height, code) => {
    const { accept, tips } = await given();
    expect(await codeOf(accept(recoveryAt(genesis.id, tips[height]!, authorities)))).toBe(code);
  });

  test("refuses a recovery from a block of another height, of another branch, or whose ancestors are missing", async () => {
    const { accept, database, stores, tips, maker, check } = await given();
    const other = async (height: number, { id: block }: Tip) => {
      const recovery = recoveryAt(genesis.id, tips[5]!, authorities);
      return codeOf(accept({ ...recovery, block: { height, id: block } }));
    };
    for (const [height, real] of [
      [5, 4],
      [5, 6],
      [4, 1],
    ] as const)
      expect(await other(height, tips[real]!)).toBe("OTHER_FINAL_BLOCK");
    const beside = await maker.block(await maker.block(tips[2]!, { laterMs: 5 }));
    for (const block of beside.blocks.slice(2)) {
      const { id: sideId, header, body, records } = await check(block);
      const record = { header, totalDifficulty: 1, transactionCount: records.length, bodyBytes: body.length };
      await database.commit(stores.blocks.put(sideId, record, body));
    }
    expect(await other(4, beside)).toBe("OTHER_FINAL_BLOCK");
    await database.commit([{ key: keyOf("header", tips[5]!.id), value: undefined }]);
    expect(await other(6, tips[6]!)).toBe("OTHER_FINAL_BLOCK");
    expect(await other(5, tips[5]!)).toBe("no error");
  });
});
