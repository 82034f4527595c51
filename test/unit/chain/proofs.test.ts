import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { describe, expect, test } from "vitest";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { type AccountProof, maxProofDepth, proveAccount } from "../../../src/chain/account-proof.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { proveFinality } from "../../../src/chain/finality-proof.ts";
import { proveParameters } from "../../../src/chain/parameters-proof.ts";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { Account, AuthoritySnapshot, ChainParameters, type FinalityProof } from "../../../src/types/index.ts";
import { finalize } from "../api/finalize.ts";
import {
  authorities,
  codeOf,
  signer,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { recoveryAt } from "../support/recovery.ts";

const genesis = await testGenesis(4);
const newcomer = signer(500).publicKey;

/**
 * A chain of six blocks, of which the fourth creates an account. The heights that `final` names are made final in turn.
 */
async function chainOf(...final: number[]) {
  const database = new MemoryDatabase();
  const node = await testChain({ genesis, database });
  const { maker, chain } = node;
  const tips: Tip[] = [maker.start()];
  for (let height = 1; height <= 6; height++) {
    const transactions = height === 4 ? [await maker.transfer({ to: newcomer, amount: 9n })] : [];
    tips.push(await maker.block(tips.at(-1)!, { transactions }));
  }
  await node.addAll(tips[6]!);
  for (const height of final) await finalize(chain, height, authorities.slice(0, 4));
  const block = (height: number) => chain.tree.require(tips[height]!.id);
  return { ...node, database, tips, block };
}

/** A block beside the first one. */
async function sideBlock({ maker, add, chain }: TestChain): Promise<WeightedHeader> {
  const beside = await maker.block(maker.start(), { laterMs: 5 });
  await add(beside.blocks[0]!);
  return chain.tree.require(beside.id);
}

/** Overwrites the stored root of the accounts after a block, or deletes it. */
const setAccountsRoot = ({ database }: TestChain, { id }: { id: Uint8Array }, value?: Uint8Array) =>
  database.commit([{ key: keyOf("accountsRoot", id), value }]);

describe("a proof of an account", () => {
  /** Climbs from the account to the state root. */
  function rootOf({ account, index, branch }: AccountProof): Uint8Array {
    return branch.reduce(
      (node, sibling, level) =>
        level < 32 && Math.floor(index / 2 ** level) % 2 === 1
          ? digest64(sibling, node)
          : digest64(node, sibling),
      Account.hashTreeRoot(account),
    );
  }

  test("leads to the state root of its block, whether that is the head or an earlier block", async () => {
    const { chain, block, tips } = await chainOf();
    for (const height of [6, 4, 3, 0]) {
      const proof = await proveAccount(chain, await block(height), users[0]!.publicKey);
      expect(proof.branch).toHaveLength(35);
      expect(rootOf(proof)).toEqual(tips[height]!.header.stateRoot);
      expect(proof.account.nonce).toBe(height >= 4 ? 1 : 0);
    }
    const { account } = await proveAccount(chain, await block(5), newcomer);
    expect(account).toEqual({ address: newcomer, balance: 9n, nonce: 0 });
  });

  test("proves no account that did not exist then, and none in a block of a side branch", async () => {
    const node = await chainOf();
    const code = async (block: WeightedHeader) => codeOf(proveAccount(node.chain, block, newcomer));
    expect(await code(await node.block(3))).toBe("ACCOUNT_NOT_FOUND");
    expect(await code(await sideBlock(node))).toBe("PROOF_NOT_AVAILABLE");
  });

  test.each([
    [maxProofDepth, [32_768], "ACCOUNT_NOT_FOUND"],
    [maxProofDepth + 1, [], "PROOF_NOT_AVAILABLE"],
    [2, [32_768, 1], "PROOF_NOT_AVAILABLE"],
    [2, [32_768, undefined], "ACCOUNT_NOT_FOUND"],
  ])(
    "proof of an account in a block %i below the head, with %j transactions since: %s",
    async (depth, counts, code) => {
      const head = { height: 500 };
      const chain = {
        head,
        reader: {
          idsDown: async (height: number, count: number) => {
            expect([height, count]).toEqual([500, depth]);
            return counts.map((_, at) => at);
          },
        },
        tree: {
          stateAfter: async () => genesis.snapshot,
          get: async (at: number) =>
            counts[at] === undefined ? undefined : { transactionCount: counts[at] },
        },
        accountsAfter: async () => "none",
      } as unknown as Chain;
      expect(await codeOf(proveAccount(chain, { height: 500 - depth } as WeightedHeader, newcomer))).toBe(
        code,
      );
    },
  );
});

describe("a proof of the parameters", () => {
  test("leads to the state root of its block", async () => {
    const { chain, block, tips } = await chainOf();
    for (const height of [1, 6]) {
      const { parameters, branch } = await proveParameters(chain, await block(height));
      expect(parameters).toEqual(tips[height]!.snapshot.parameters);
      const right = digest64(ChainParameters.hashTreeRoot(parameters), branch[0]);
      expect(digest64(branch[1], right)).toEqual(tips[height]!.header.stateRoot);
    }
  });

  test("proves no parameters of genesis, which names them itself, or of a block of a side branch", async () => {
    const node = await chainOf();
    for (const [block, why] of [
      [await node.block(0), "the state after block 0 is not at hand: the block itself names its parameters"],
      [await sideBlock(node), "the state after block 1 is not at hand: it is on a side branch"],
    ] as const)
      await expect(proveParameters(node.chain, block)).rejects.toMatchObject({
        code: "PROOF_NOT_AVAILABLE",
        message: why,
      });
  });

  test("names a stored root that is not the header's as damage", async () => {
    const node = await chainOf();
    const block = await node.block(3);
    await setAccountsRoot(node, block, new Uint8Array(32));
    expect(await codeOf(proveParameters(node.chain, block))).toBe("DAMAGED");
  });
});

describe("a proof of finality", () => {
  const prove = ({ chain, stores }: TestChain, block: WeightedHeader) =>
    proveFinality(chain, block, (height) => stores.finality.proofFrom(height));

  test("proves finality with the headers up to the finalized checkpoint, and two certificates with their targets' sets", async () => {
    const node = await chainOf(3);
    for (const height of [1, 2, 3]) {
      const evidence = (await prove(node, await node.block(height)))!;
      const heights = evidence.headers.map((head) => head.height);
      expect(heights).toEqual([2, 3].filter((each) => each > height));
      for (const [proved, target] of [
        [evidence.justification, 3],
        [evidence.finalization, 6],
      ] as const) {
        const { header, id, snapshot } = node.tips[target]!;
        expect(proved.target.id).toEqual(id);
        expect(proved.certificate.link.target.block).toEqual(id);
        expect(proved.authorities).toEqual(snapshot.authorities);
        const [signers, votes, accounts, rest] = proved.branch as [Uint8Array, ...Uint8Array[]];
        const set = AuthoritySnapshot.fields.authorities.hashTreeRoot(proved.authorities);
        const left = digest64(accounts!, digest64(digest64(set, signers), votes!));
        expect(digest64(left, rest!)).toEqual(header.stateRoot);
        expect(digest64(proved.parametersRoot, proved.recovery)).toEqual(rest);
      }
      expect(evidence.finalization.certificate.link.source).toEqual(
        evidence.justification.certificate.link.target,
      );
    }
  });

  test("proves no finality of a block that is not final or not canonical, or without certificates", async () => {
    const node = await chainOf(3);
    const asked: number[] = [];
    const none = (height: number) => {
      asked.push(height);
      return Promise.resolve(undefined);
    };
    expect(await proveFinality(node.chain, await node.block(4), none)).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await proveFinality(node.chain, await node.block(3), none)).toBeUndefined();
    expect(asked).toEqual([3]);
    const one = await node.block(1);
    expect(await prove(node, { ...one, id: new Uint8Array(32) })).toBeUndefined();
    expect(await prove(node, one)).toBeDefined();
  });

  test("proves finality with 512 headers at most", async () => {
    const node = await chainOf(3);
    const one = await node.block(1);
    const proof = (await node.stores.finality.proofFrom(1))!;
    const above = (count: number): FinalityProof => {
      const { link } = proof.finalization;
      const source = { ...link.source, height: 1 + count };
      return { ...proof, finalization: { ...proof.finalization, link: { ...link, source } } };
    };
    const prove = (count: number) => proveFinality(node.chain, one, async () => above(count));
    expect(await prove(512)).toBeDefined();
    expect(await prove(513)).toBeUndefined();
  });

  test("proves no finality while a target's state was not executed here; a wrong root or a missing block is damage", async () => {
    for (const target of [3, 6]) {
      const node = await chainOf(3);
      const one = await node.block(1);
      await setAccountsRoot(node, node.tips[target]!);
      expect(await prove(node, one)).toBeUndefined();
      await setAccountsRoot(node, node.tips[target]!, new Uint8Array(32));
      expect(await codeOf(prove(node, one))).toBe("DAMAGED");
      node.chain.tree.get = async () => undefined;
      expect(await codeOf(prove(node, one))).toBe("DAMAGED");
    }
  });

  test("proves no finality where a recovery has abandoned the block of a certificate", async () => {
    const node = await chainOf(3);
    await acceptRecoveries(node.stores, genesis, [recoveryAt(genesis.id, node.tips[4]!, authorities)]);
    const after = await node.reopen();
    const one = await after.chain.tree.require(node.tips[1]!.id);
    const before = (await node.stores.finality.certificate(1))!;
    const abandoned = { justification: before, finalization: (await node.stores.finality.certificate(2))! };
    expect(await after.chain.tree.get(abandoned.finalization.link.target.block)).toBeUndefined();
    expect(await proveFinality(after.chain, one, async () => abandoned)).toBeUndefined();
  });
});
