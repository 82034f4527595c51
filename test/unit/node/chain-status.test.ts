import { expect, test } from "vitest";
import { chainStatus } from "../../../src/node/views.ts";
import { zero32 } from "../../../src/types/index.ts";
import { testChain, testGenesis } from "../support/chain.ts";

test("a node says where it stands: nowhere without a genesis block, at that one while it loads its chain", async () => {
  const genesis = await testGenesis(3);
  const { id } = genesis;
  const first = { height: 0, totalDifficulty: 0, justifiedRound: 0, finalizedHeight: 0, timeMs: 7 };
  expect(chainStatus(undefined, undefined, 7)).toEqual({
    ...first,
    genesisId: zero32,
    headId: zero32,
    finalizedId: zero32,
  });
  // Another final block of height 0 would be taken for a conflict.
  const atGenesis = { ...first, genesisId: id, headId: id, finalizedId: id };
  expect(chainStatus(genesis, undefined, 7)).toEqual(atGenesis);
  const { chain } = await testChain({ genesis });
  expect(chainStatus(genesis, chain, 7)).toEqual(atGenesis);
});
