import { expect, test } from "vitest";
import { blockWrites } from "../../../src/chain/block-tree.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { authorities, codeOf, testChain } from "../support/chain.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

test.each([0, 1])(
  "gives no verdict on a vote for blocks with a missing ancestor: source at height %i",
  async (at) => {
    const node = await testChain();
    const { chain, genesis, maker, stores } = node;
    const start = maker.start();
    const path = [start, await maker.block(start)];
    for (let height = 2; height <= 4; height++) path.push(await maker.block(path.at(-1)!));
    // As where the first was found invalid when those above it were not in the way.
    for (const { blocks, snapshot, header, id } of path.slice(3)) {
      const block = await node.check(blocks.at(-1)!);
      const weight = { height: header.height, totalDifficulty: 2 * header.height };
      await stores.database.commit(blockWrites(stores.blocks, block, weight, snapshot));
      expect(await chain.tree.get(id)).toBeDefined();
    }
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
