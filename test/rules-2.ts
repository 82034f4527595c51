import { KnownRules, type Rules, rules1 } from "../src/chain/rules.ts";

/** Extra reward of a block, and extra fee of a transfer, by the rules that only tests know. */
export const moreByRules2 = 7n;

const rules2: Rules = {
  ...rules1,
  version: 2,
  execution: ({ minFee, blockReward }) => ({
    minFee: minFee + moreByRules2,
    blockReward: blockReward + moreByRules2,
  }),
};

/** Those of a later program. */
export const laterRules = new KnownRules([rules1, rules2]);
