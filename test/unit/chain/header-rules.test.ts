import { expect, test } from "vitest";
import { certificateOf } from "../../../src/consensus/index.ts";
import { authorities, codeOf, type Tip, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

const genesis = await testGenesis(4);
const start = { round: 0, height: 0, block: genesis.id };

async function certificate(source: typeof start, target: Tip, round: number) {
  const votes = await Promise.all(
    authorities.slice(0, 3).map((voter) => signedVote(voter, genesis, source, checkpoint(round, target))),
  );
  return certificateOf(votes[0]!.message, votes);
}

/** A chain of five blocks whose third is final; `computed` counts the parents whose snapshot was asked for. */
async function finalized() {
  const { chain, maker, add, check } = await testChain({ genesis });
  const tips = [maker.start()];
  for (let height = 1; height <= 5; height++) tips.push(await maker.block(tips.at(-1)!));
  for (const tip of tips.slice(1)) await add(tip.blocks.at(-1)!);
  await chain.justify(await certificate(start, tips[3]!, 1));
  await chain.justify(await certificate(checkpoint(1, tips[3]!), tips[4]!, 2));
  expect(chain.finalized.height).toBe(3);
  let computed = 0;
  const snapshotAfter = chain.tree.snapshotAfter.bind(chain.tree);
  chain.tree.snapshotAfter = (id) => {
    computed++;
    return snapshotAfter(id);
  };
  return { chain, maker, check, tips, computed: () => computed };
}

test("refuses headers and blocks on a parent below the final block before anything is computed for them", async () => {
  const { chain, maker, check, tips, computed } = await finalized();
  const late = await maker.extend(tips[2]!, 3, { laterMs: 5 });
  const branch = late.blocks.slice(2);
  expect(await codeOf(chain.checkHeaders(branch.map(({ header }) => header)))).toBe("BELOW_FINALIZED");
  expect(await codeOf(chain.importBlock(await check(branch[0]!)))).toBe("BELOW_FINALIZED");
  expect(await codeOf(chain.importBlocks([await check(branch[0]!)]))).toBe("BELOW_FINALIZED");
  expect(computed()).toBe(0);
});

test("headers on the final block are checked", async () => {
  const { chain, maker, tips, computed } = await finalized();
  const beside = await maker.block(tips[3]!, { laterMs: 5 });
  await chain.checkHeaders([beside.blocks.at(-1)!.header]);
  expect(computed()).toBe(1);
});
