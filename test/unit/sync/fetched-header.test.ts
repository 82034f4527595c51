import { describe, expect, test } from "vitest";
import { BrokenBranch } from "../../../src/chain/block-tree.ts";
import { checkFetchedHeader } from "../../../src/sync/fetched-header.ts";
import type { Block, SignedHeader } from "../../../src/types/index.ts";
import { authorities, type BlockOptions, encoded, signer, testChain, testGenesis } from "../support/chain.ts";
import { verifyHere } from "../support/sync-node.ts";

const limits = { maxBlockTransactions: 3, maxBlockBytes: 100_000 };
const genesis = await testGenesis(3, limits);
const unknown = new Uint8Array(32).fill(9);

async function setUp() {
  const { chain, clock, maker } = await testChain({ genesis });
  const signed: SignedHeader[] = [];
  let verified = 0;
  const checks = {
    genesisId: genesis.id,
    verify: (...[sets]: Parameters<typeof verifyHere>) => {
      verified += sets.length;
      return verifyHere(sets);
    },
    verifyTransactions: () => Promise.reject(new Error("no transaction is to be checked")),
    isAccount: () => true,
    pause: async () => undefined,
  };
  const check = ({ blocks, id }: { blocks: Block[]; id: Uint8Array }, body?: Uint8Array) => {
    const block = encoded(blocks.at(-1)!);
    return checkFetchedHeader(body ? { ...block, body } : block, id, {
      chain,
      checks,
      evidence: { seenHeader: (header) => void signed.push(header) },
    });
  };
  const make = (options: BlockOptions = {}) => maker.block(maker.start(), options);
  return { chain, clock, make, check, signed, verified: () => verified };
}

/** An encoded list that claims this number of transactions and has this length. */
function listOf(count: number, length: number): Uint8Array {
  const list = new Uint8Array(length);
  new DataView(list.buffer).setUint32(0, 4 * count, true);
  return list;
}

describe("a fetched block", () => {
  test("decodes a block that an authority has signed, whether its parent is here or not", async () => {
    const { make, check, signed } = await setUp();
    expect(await check(await make())).toBe(true);
    expect(await check(await make({ by: authorities[1]!, edit: { parent: unknown, height: 7 } }))).toBe(true);
    expect(signed).toHaveLength(2);
  });

  test("refuses a block that a stranger has signed if its parent is here, else leaves it to sync", async () => {
    const { make, check } = await setUp();
    const by = signer(900);
    await expect(check(await make({ by }))).rejects.toMatchObject({ code: "NOT_AN_AUTHORITY" });
    const { verified, check: checkOther, signed } = await setUp();
    expect(await checkOther(await make({ by, edit: { parent: unknown, height: 7 } }))).toBe(false);
    expect([verified(), signed]).toEqual([0, []]);
  });

  test.each([
    ["transactions", listOf(4, 16), "TOO_MANY_TRANSACTIONS"],
    ["bytes", listOf(3, 12 + 100_001), "TOO_LARGE"],
  ])(
    "refuses a block with more %s than its chain allows without a look at its signature",
    async (_, body, code) => {
      const { make, check, verified } = await setUp();
      await expect(check(await make(), body)).rejects.toMatchObject({ code });
      expect(await check(await make({ edit: { parent: unknown, height: 7 } }), body)).toBe(false);
      expect(verified()).toBe(0);
    },
  );

  test("decodes a block of the largest size", async () => {
    const { make, check } = await setUp();
    expect(await check(await make(), listOf(3, 12 + 100_000))).toBe(true);
  });

  test("refuses a block whose header could be written differently before its signature is checked", async () => {
    const { make, check, verified } = await setUp();
    const { vote } = (await make()).header;
    await expect(check(await make({ edit: { vote: { ...vote, value: 1n } } }))).rejects.toMatchObject({
      code: "MALFORMED",
    });
    expect(verified()).toBe(0);
  });

  test("leaves a block on a branch that is broken to sync", async () => {
    const { chain, make, check, verified } = await setUp();
    const broken = new BrokenBranch([chain.head]);
    chain.tree.snapshotAfter = () => Promise.reject(broken);
    expect(await check(await make())).toBe(false);
    expect(verified()).toBe(0);
  });

  test("refuses a block with a wrong signature, which is no evidence", async () => {
    const { make, check, signed } = await setUp();
    const forged = await make({ signedBy: signer(900) });
    await expect(check(forged)).rejects.toMatchObject({ code: "INVALID_HEADER_SIGNATURE" });
    expect(signed).toEqual([]);
  });

  test("refuses a block that breaks a rule, and its header may be evidence", async () => {
    const { make, check, signed } = await setUp();
    await expect(check(await make({ edit: { difficulty: 7 } }))).rejects.toMatchObject({
      code: "WRONG_DIFFICULTY",
    });
    expect(signed).toHaveLength(1);
  });

  test("decodes a block whose time has not come, which then waits for it", async () => {
    const { chain, clock, make, check } = await setUp();
    const early = await make({ laterMs: clock.now() });
    await expect(chain.checkHeaders([early.blocks[0]!.header])).rejects.toMatchObject({
      code: "FUTURE_BLOCK",
    });
    expect(await check(early)).toBe(true);
  });
});
