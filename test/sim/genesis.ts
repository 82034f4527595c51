import { type CheckedGenesis, checkGenesis, createGenesis } from "../../src/chain/genesis.ts";
import { testChainConfig } from "../chain-config.ts";
import { accounts, verify } from "./keys.ts";
import type { Scenario } from "./scenario.ts";
import { epochMs } from "./timeline.ts";
import { lastSender, senders } from "./transfers.ts";

/** Makes the genesis block: the first accounts are the authorities, and the senders have a balance. */
export async function makeGenesis(scenario: Scenario): Promise<CheckedGenesis> {
  const { authorities, periodMs, slotMs, emptyBlockPeriodMs, epochLength, blockReward } = scenario;
  const config = testChainConfig({
    periodMs,
    slotMs,
    epochLength,
    emptyBlockPeriodMs,
    maxBlockTransactions: 100,
    maxBlockBytes: 100_000,
    blockReward,
    minFee: 0n,
    authorities: accounts.slice(0, authorities).map(({ publicKey }) => publicKey),
  });
  const balances = [...senders, lastSender].map(({ publicKey }) => ({
    address: publicKey,
    balance: 10_000n,
  }));
  return checkGenesis(await createGenesis(config, { balances }, accounts[0]!, epochMs - 60_000), verify);
}
