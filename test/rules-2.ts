import { KnownRules, type Rules, rules1 } from "../src/chain/rules.ts";

/** The additional reward of a block, and the additional fee of a transfer, under rules that only tests know. */
export const moreByRules2 = 7n;

const rules2: Rules = {
  ...rules1,
  version: 2,
  execution: ({ minFee, blockReward }) => ({
    minFee: minFee + moreByRules2,
    blockReward: blockReward + moreByRules2,
  }),
};

/** The rules that a later program knows. */
export const laterRules = new KnownRules([rules1, rules2]);
