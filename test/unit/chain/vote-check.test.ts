import { describe, expect, test } from "vitest";
import { blockWrites } from "../../../src/chain/block-tree.ts";
import {
  areSigned,
  checkSignature,
  checkSigners,
  checkVote,
  checkVoter,
  voteSigningRoot,
} from "../../../src/chain/vote-check.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import type { Checkpoint, SignedFinalityVote } from "../../../src/types/index.ts";
import { authorityVote } from "../../../src/types/index.ts";
import { ascendingSigners, authorities, codeOf, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

test.each([0, 1])(
  "gives no verdict on a vote for blocks with a missing ancestor: source at height %i",
  async (at) => {
    const node = await testChain();
    const { chain, genesis, maker, stores } = node;
    const start = maker.start();
    const path = [start, await maker.block(start)];
    for (let height = 2; height <= 4; height++) path.push(await maker.block(path.at(-1)!));
    // This happens if the first was found invalid before the blocks above it were known.
    for (const { blocks, snapshot, header, id } of path.slice(3)) {
      const block = await node.check(blocks.at(-1)!);
      const weight = { height: header.height, totalDifficulty: 2 * header.height };
      await stores.database.commit(blockWrites(stores.blocks, block, weight, snapshot));
      expect(await chain.tree.get(id)).toBeDefined();
    }
    const next = await maker.block(path[4]!);
    expect(await codeOf(chain.checkHeaders([next.blocks.at(-1)!.header]))).toBe("UNKNOWN_PARENT");
    const { finalizer } = testFinalizer(node);
    const source = checkpoint(at, path[3 * at]!);
    const votes = await Promise.all(
      authorities
        .slice(0, 3)
        .map((voter) => signedVote(voter, genesis, source, checkpoint(at + 1, path[4]!))),
    );
    expect(await codeOf(finalizer.addVote(votes[0]!))).toBe("UNKNOWN_BLOCK");
    expect(await codeOf(finalizer.addCertificate(certificateOf(votes[0]!.message, votes)))).toBe(
      "UNKNOWN_BLOCK",
    );
  },
);

/**
 * Makes a chain of four authorities with three blocks and a sibling of the first; the third block removes the last
 * authority.
 */
async function fourBlocks() {
  const node = await testChain({ genesis: await testGenesis(4) });
  const { maker, genesis, chain } = node;
  const start = maker.start();
  const vote = authorityVote("remove", authorities[3]!.publicKey);
  const one = await maker.block(start, { edit: { vote } });
  const two = await maker.block(one, { edit: { vote } });
  const three = await maker.block(two, { edit: { vote } });
  const beside = await maker.block(start, { by: authorities[3]! });
  for (const tip of [three, beside]) await node.addAll(tip);
  const first: Checkpoint = { round: 0, height: 0, block: genesis.id };
  return { node, chain, genesis, first, one, two, three, beside };
}

describe("a vote against the blocks", () => {
  type Blocks = Awaited<ReturnType<typeof fourBlocks>>;
  const cases: [string, string, (blocks: Blocks) => [source: Checkpoint, target: Checkpoint]][] = [
    ["from genesis", "no error", ({ first, one }) => [first, checkpoint(1, one)]],
    ["from an ancestor further back", "no error", ({ first, two }) => [first, checkpoint(9, two)]],
    ["from a block to itself", "no error", ({ two }) => [checkpoint(1, two), checkpoint(2, two)]],
    ["on a side branch", "no error", ({ first, beside }) => [first, checkpoint(1, beside)]],
    [
      "in the round of its source",
      "NOT_A_LINK",
      ({ first, one }) => [{ ...first, round: 1 }, checkpoint(1, one)],
    ],
    ["back to an ancestor", "NOT_A_LINK", ({ one, two }) => [checkpoint(1, two), checkpoint(2, one)]],
    [
      "to a block with another height",
      "INVALID_VOTE",
      ({ first, one }) => [first, { ...checkpoint(1, one), height: 2 }],
    ],
    [
      "from a block with another height",
      "INVALID_VOTE",
      ({ first, three }) => [{ ...first, height: 1 }, checkpoint(1, three)],
    ],
    [
      "from a block that is not an ancestor",
      "INVALID_VOTE",
      ({ beside, two }) => [checkpoint(1, beside), checkpoint(2, two)],
    ],
    [
      "to an unknown block",
      "UNKNOWN_BLOCK",
      ({ first, one }) => [first, { ...checkpoint(1, one), block: new Uint8Array(32) }],
    ],
  ];
  test.each(cases)("%s: %s", async (_, code, link) => {
    const blocks = await fourBlocks();
    const { node, genesis, chain } = blocks;
    const [source, target] = link(blocks);
    const votes = await Promise.all(
      authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, source, target)),
    );
    expect(await codeOf(checkVote(votes[0]!, { tree: chain.tree }))).toBe(code);
    const { finalizer } = testFinalizer(node);
    expect(await codeOf(finalizer.addCertificate(certificateOf(votes[0]!.message, votes)))).toBe(code);
    // The checks before the signature are fewer: the link as such, and the voter in the target's set.
    const early = code === "INVALID_VOTE" ? "no error" : code;
    expect(await codeOf(checkVoter(votes[0]!, chain.tree))).toBe(early);
  });

  test("counts if the voter is in the set after the target, whatever the set is elsewhere", async () => {
    const { chain, genesis, first, two, three, beside } = await fourBlocks();
    const codes = async (voter: number, target: Checkpoint) => {
      const vote = await signedVote(authorities[voter]!, genesis, first, target);
      const { tree } = chain;
      return [await codeOf(checkVoter(vote, tree)), await codeOf(checkVote(vote, { tree }))];
    };
    expect(await codes(3, checkpoint(1, two))).toEqual(["no error", "no error"]);
    expect(await codes(3, checkpoint(1, beside))).toEqual(["no error", "no error"]);
    expect(await codes(3, checkpoint(1, three))).toEqual(["NOT_AN_AUTHORITY", "NOT_AN_AUTHORITY"]);
    expect(await codes(2, checkpoint(1, three))).toEqual(["no error", "no error"]);
    expect(await codes(4, checkpoint(1, two))).toEqual(["NOT_AN_AUTHORITY", "NOT_AN_AUTHORITY"]);
    const vote = await signedVote(authorities[0]!, genesis, first, checkpoint(1, three));
    expect(await checkVote(vote, { tree: chain.tree })).toEqual(
      authorities.slice(0, 3).map(({ publicKey }) => publicKey),
    );
  });
});

describe("the signature of a vote", () => {
  test("a vote's signature must be the voter's, on this link and this chain", async () => {
    const { genesis, first, one, two } = await fourBlocks();
    const checks = { genesisId: genesis.id, verify: verifySignatures };
    const good = await signedVote(authorities[0]!, genesis, first, checkpoint(1, one));
    const other = await signedVote(authorities[0]!, genesis, first, checkpoint(1, two));
    const bad: SignedFinalityVote[] = [
      { ...good, signature: other.signature },
      { ...good, voter: authorities[1]!.publicKey },
      await signedVote(authorities[0]!, { ...genesis, id: one.id }, first, checkpoint(1, one)),
    ];
    expect(await codeOf(checkSignature(good, checks))).toBe("no error");
    for (const vote of bad) expect(await codeOf(checkSignature(vote, checks))).toBe("INVALID_SIGNATURE");
    expect(await areSigned([bad[0]!, good, other, bad[1]!, bad[2]!, good], checks)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(voteSigningRoot(good.message, genesis.id)).not.toEqual(voteSigningRoot(good.message, one.id));
  });
});

describe("the signers of a certificate", () => {
  const set = ascendingSigners(1, 7);
  const members = set.map(({ publicKey }) => publicKey);

  async function codeWith(
    change: (votes: SignedFinalityVote[]) => SignedFinalityVote[],
    signatures?: number,
  ) {
    const genesis = await testGenesis();
    const first = { round: 0, height: 0, block: genesis.id };
    const target = { round: 1, height: 1, block: new Uint8Array(32).fill(1) };
    const votes = change(await Promise.all(set.map((one) => signedVote(one, genesis, first, target))));
    const certificate = {
      link: { source: first, target },
      voters: votes.map(({ voter }) => voter),
      signatures: votes.map(({ signature }) => signature).slice(0, signatures),
    };
    return codeOf(checkSigners(certificate, members, { genesisId: genesis.id, verify: verifySignatures }));
  }

  test.each<[string, string, (votes: SignedFinalityVote[]) => SignedFinalityVote[]]>([
    ["are all of the set", "no error", (votes) => votes],
    ["are a quorum, which is 5 of 7", "no error", (votes) => votes.slice(2)],
    ["are one fewer", "NO_QUORUM", (votes) => votes.slice(3)],
    ["are nobody", "NO_QUORUM", () => []],
    ["do not ascend", "INVALID_VOTE", ([a, b, ...rest]) => [b!, a!, ...rest]],
    ["do not ascend at the end", "INVALID_VOTE", (votes) => [...votes.slice(0, 5), votes[6]!, votes[5]!]],
    ["are listed twice", "INVALID_VOTE", (votes) => [...votes.slice(0, 5), votes[4]!]],
  ])("%s: %s", async (_, code, change) => {
    expect(await codeWith(change)).toBe(code);
  });

  test("each signer of a certificate has one signature", async () => {
    expect(await codeWith((votes) => votes, 6)).toBe("INVALID_VOTE");
    expect(
      await codeWith((votes) => [...votes.slice(0, 6), { ...votes[6]!, signature: votes[5]!.signature }]),
    ).toBe("INVALID_SIGNATURE");
  });
});
