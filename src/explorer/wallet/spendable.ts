import type { Account } from "../../client/index.ts";
import { client } from "../live.ts";

const pageSize = 1000;
/** An account may have 5,000 transfers waiting; payments to it come with them. */
const maxPages = 5;

export interface Funds extends Account {
  /** The sum of the account's waiting transfers, with their fees. */
  waiting: bigint;
  /** The rest, which can be spent. */
  spendable: bigint;
}

/** Resolves to an account with what its waiting transfers leave. */
export async function fundsOf(address: string): Promise<Funds> {
  const account = await client.account(address);
  const waiting = account.pendingNonce > account.nonce ? await waitingOf(address) : 0n;
  const left = BigInt(account.balance) - waiting;
  return { ...account, waiting, spendable: left > 0n ? left : 0n };
}

async function waitingOf(address: string): Promise<bigint> {
  let sum = 0n;
  let after: number | undefined;
  for (let page = 0; page < maxPages; page++) {
    const { transactions, next } = await client.mempool({
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const { from, amount, fee } of transactions)
      if (from === address) sum += BigInt(amount) + BigInt(fee);
    if (next === null) break;
    after = next;
  }
  return sum;
}
