import { describe, expect, test } from "vitest";
import { certificateOf, quorum } from "../../../src/consensus/index.ts";
import type { SignedFinalityVote } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { authorities, BlockMaker, codeOf, signer, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const everybody = [...authorities, ...[6, 7, 8, 9].map(signer)];

describe.each([3, 6, 9])("a certificate of a set of %i", (count) => {
  const members = everybody.slice(0, count).sort((a, b) => compareBytes(a.publicKey, b.publicKey));

  async function votes(voters: number) {
    const genesis = await testGenesis(count, { authorities: members.map(({ publicKey }) => publicKey) });
    const maker = new BlockMaker(genesis);
    const node = await testChain({ genesis });
    // This authority is in turn at height 1.
    const tip = await maker.block(maker.start(), { by: members[1]! });
    await node.addAll(tip);
    const source = { round: 0, height: 0, block: genesis.id };
    const all = await Promise.all(
      members.slice(0, voters).map((voter) => signedVote(voter, genesis, source, checkpoint(1, tip))),
    );
    const { finalizer } = testFinalizer(node);
    const add = (from: SignedFinalityVote[]) =>
      codeOf(finalizer.addCertificate(certificateOf(from[0]!.message, from)));
    return { node, genesis, source, tip, all, add };
  }

  test("counts with a quorum, which is more than two thirds", async () => {
    const { all, add, node } = await votes(quorum(count));
    expect(3 * all.length).toBeGreaterThan(2 * count);
    expect(await add(all)).toBe("no error");
    expect(node.chain.justified.round).toBe(1);
  });

  test("rejects a certificate with one vote too few, though that is two thirds", async () => {
    const { all, add, node } = await votes(quorum(count) - 1);
    expect(3 * all.length).toBe(2 * count);
    expect(await add(all)).toBe("NO_QUORUM");
    expect(node.chain.justified.round).toBe(0);
  });

  test("rejects a certificate that lists one voter twice", async () => {
    const { all, add, node } = await votes(quorum(count) - 1);
    expect(await add([...all, all[0]!])).toBe("INVALID_VOTE");
    expect(node.chain.justified.round).toBe(0);
  });

  test("rejects a certificate with a stranger among the voters", async () => {
    const { all, add, node, genesis, source, tip } = await votes(quorum(count) - 1);
    const stranger = await signedVote(signer(99), genesis, source, checkpoint(1, tip));
    expect(await add([...all, stranger])).toBe("NOT_AN_AUTHORITY");
    expect(node.chain.justified.round).toBe(0);
  });

  test("rejects a certificate with one wrong signature", async () => {
    const { all, add, node } = await votes(quorum(count));
    expect(await add([...all.slice(1), { ...all[0]!, signature: all[1]!.signature }])).toBe(
      "INVALID_SIGNATURE",
    );
    expect(node.chain.justified.round).toBe(0);
  });
});
