import { parameterVote, type Recovery, Recovery as RecoveryType } from "../../../src/types/index.ts";
import { authorities, BlockMaker, type Tip } from "../../unit/support/chain.ts";
import { recovered, recoveryAt } from "../../unit/support/recovery.ts";
import { describeTip, type MadeChain } from "./chain.ts";
import { hex, typed } from "./text.ts";

/** Two recoveries, one after the other, with blocks on each, and recoveries that are not valid. */
export async function makeRecoveries({ genesis, tips }: MadeChain) {
  const maker = new BlockMaker(genesis);
  const from = tips[48]!;
  const set = { blockReward: 2n, minFee: 1n, periodMs: 2_000 };
  const first = recoveryAt(genesis.id, from, authorities.slice(2, 4), undefined, set);
  const one = await maker.block(recovered(from, first));
  const two = await maker.block(one);
  const second = recoveryAt(genesis.id, one, authorities.slice(1, 2), first);
  const three = await maker.block(recovered(one, second));
  const four = await maker.block(three, { edit: { vote: parameterVote("minFee", 2) } });
  const valid: [string, Recovery, Tip[]][] = [
    ["from block 48 of chain.json: two authorities, and other values of three parameters", first, [one, two]],
    [
      "from the first block under the one before: one authority, the parameters as they are",
      second,
      [three, four],
    ],
  ];
  const { parameters, block, authorities: both } = second;
  const wrong: [string, Partial<Recovery>][] = [
    ["of another chain", { genesisId: new Uint8Array(32) }],
    ["that does not follow the one before it", { previous: new Uint8Array(32) }],
    ["from genesis", { block: { height: 0, id: genesis.id } }],
    ["from a block below that of the one before it", { block: { ...block, height: 47 } }],
    ["from another block at the height of the one before it", { block: { ...block, height: 48 } }],
    ["in the round of the one before it", { round: first.round }],
    ["in a round above 2^52", { round: 2 ** 52 + 1 }],
    ["without authorities", { authorities: [] }],
    ["with an authority twice", { authorities: [...both, ...both] }],
    ["with an authority that is no address", { authorities: [new Uint8Array(32)] }],
    ["with a period below slotMs", { parameters: { ...parameters, periodMs: 999 } }],
    ["with empty blocks before the period", { parameters: { ...parameters, emptyBlockPeriodMs: 1_999 } }],
    ["with blocks of no transaction", { parameters: { ...parameters, maxBlockTransactions: 0 } }],
    ["with blocks of 16 MiB and a byte", { parameters: { ...parameters, maxBlockBytes: 2 ** 24 + 1 } }],
    ["with rules that no vote could have reached", { parameters: { ...parameters, rules: 51 } }],
  ];
  return {
    genesisId: hex(genesis.id),
    recoveries: valid.map(([about, recovery, blocks]) => ({
      ...typed(RecoveryType, recovery, about),
      blocks: blocks.map(describeTip),
    })),
    invalid: wrong.map(([about, change]) => typed(RecoveryType, { ...second, ...change }, about)),
  };
}
