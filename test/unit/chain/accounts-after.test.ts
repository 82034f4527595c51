import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import { AccountState } from "../../../src/state/index.ts";
import type { Account } from "../../../src/types/index.ts";
import { bob, type Fixture, signer, startFixture } from "../api/fixture.ts";

const accountsOf = (state: AccountState) =>
  Array.from({ length: state.count }, (_, index) => state.account(index));
const rootOf = (accounts: Account[]) => AccountState.fromAccounts(accounts, new Uint8Array(8)).accountsRoot();

describe("Chain.accountsAfter", () => {
  let node: Fixture;
  const heads: WeightedHeader[] = [];
  const accounts: Account[][] = [];

  beforeAll(async () => {
    node = await startFixture();
  });
  afterAll(() => node.close());

  /** Adds a block with a transfer to an old account and two to new ones. */
  async function extend(): Promise<void> {
    const first = 10 * heads.length + 100;
    for (const to of [bob.publicKey, signer(first).publicKey, signer(first + 1).publicKey])
      await node.mempool.add(node.mempool.records([await node.sign({ to, amount: 3n })]), "local");
    await node.produce();
    heads.push(node.chain.head);
    accounts.push((await node.chain.accountsAfter(node.chain.head, accountsOf))!);
  }

  it("gives the accounts after each block and leaves those of the head unchanged", async () => {
    for (let count = 0; count < 6; count++) await extend();
    for (const [height, head] of [...heads].entries()) {
      const seen = await node.chain.accountsAfter(head, (state) => [accountsOf(state), state.accountsRoot()]);
      expect(seen).toEqual([accounts[height], rootOf(accounts[height]!)]);
      // The next block is made on the state that the look back has left behind.
      await extend();
      const { head: newest } = node.chain;
      const root = await node.chain.accountsAfter(newest, (state) => state.accountsRoot());
      expect(root).toEqual(rootOf(accounts.at(-1)!));
      expect(root).toEqual(await node.chain.reader.accountsRoot(newest.id));
      expect(node.chain.state.count).toBe(accounts.at(-1)!.length);
    }
  });

  it("continues after a callback that throws", async () => {
    const look = () => {
      throw new Error("looked");
    };
    await expect(node.chain.accountsAfter(heads[0]!, look)).rejects.toThrow("looked");
    await extend();
    expect(await node.chain.accountsAfter(node.chain.head, (state) => state.accountsRoot())).toEqual(
      rootOf(accounts.at(-1)!),
    );
  });
});
