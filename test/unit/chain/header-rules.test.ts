import { expect, test } from "vitest";
import { HeaderRules } from "../../../src/chain/header-rules.ts";
import type { InvalidBlocks } from "../../../src/chain/invalid-blocks.ts";
import { productRules } from "../../../src/chain/rules.ts";
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

test("accepts headers on the final block for checking", async () => {
  const { chain, maker, tips, computed } = await finalized();
  const beside = await maker.block(tips[3]!, { laterMs: 5 });
  await chain.checkHeaders([beside.blocks.at(-1)!.header]);
  expect(computed()).toBe(1);
});

test("headers of invalid blocks are refused by name, wherever they stand in a list, and no headers are none", async () => {
  const { chain, maker, add } = await testChain({ genesis });
  const one = await maker.block(maker.start());
  await add(one.blocks[0]!);
  const bad = await maker.block(one, { edit: { stateRoot: new Uint8Array(32) } });
  const child = await maker.block(bad);
  expect(await codeOf(add(bad.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
  const [first, second, third] = child.blocks.map(({ header }) => header);
  expect(await chain.checkHeaders([])).toEqual([]);
  expect(await codeOf(chain.checkHeaders([second!]))).toBe("KNOWN_INVALID");
  expect(await codeOf(chain.checkHeaders([third!]))).toBe("INVALID_ANCESTOR");
  expect(await codeOf(chain.checkHeaders([first!, second!, third!]))).toBe("KNOWN_INVALID");
  expect(await chain.checkHeaders([first!])).toMatchObject([{ height: 1, totalDifficulty: 2 }]);
});

test("a header whose parent finality has passed since it was looked up has no place any more", async () => {
  const { chain, maker, clock } = await testChain({ genesis });
  const tip = await maker.block(maker.start());
  const check = (height: number) => {
    const { tree } = chain;
    const invalid = { refuse: () => undefined } as unknown as InvalidBlocks;
    const finalized = () => ({ height, id: tip.id });
    const rules = new HeaderRules({
      tree,
      invalid,
      rules: productRules,
      config: genesis.config,
      clock,
      finalized,
    });
    return async () => rules.check(chain.head, chain.snapshot, tip.blocks[0]!.header);
  };
  expect(await codeOf(check(0)())).toBe("no error");
  expect(await codeOf(check(1)())).toBe("BELOW_FINALIZED");
});

test("headers ahead of the clock are left for later if others come before them", async () => {
  const { chain, maker, clock } = await testChain({ genesis });
  const one = await maker.block(maker.start());
  const ahead = await maker.block(one, { edit: { timestamp: clock.now() + 1 } });
  const wrong = await maker.block(one, { edit: { difficulty: 1 } });
  const check = (tip: Tip) => chain.checkHeaders(tip.blocks.map(({ header }) => header));
  expect((await check(ahead)).map(({ height }) => height)).toEqual([1]);
  expect(await codeOf(check(wrong))).toBe("WRONG_DIFFICULTY");
  const first = await maker.block(maker.start(), { edit: { timestamp: clock.now() + 1 } });
  await expect(check(first)).rejects.toMatchObject({ code: "FUTURE_BLOCK", aheadMs: 1 });
});
