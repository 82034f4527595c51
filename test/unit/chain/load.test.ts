import { expect, test, vi } from "vitest";
import { requireKnownHead } from "../../../src/chain/load.ts";
import { AccountState } from "../../../src/state/index.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { BlockError } from "../../../src/types/errors.ts";
import { uint64Bytes } from "../../../src/util/bytes.ts";
import { CodedError, UserError } from "../../../src/util/errors.ts";
import { genesisParent } from "../consensus/test-chain.ts";
import { testChain } from "../support/chain.ts";

type Loaded = Parameters<typeof requireKnownHead>[0];

/** Looks at a head of unknown rules; what is before it is read with this result. */
function look(before: () => Promise<unknown>, known = false): Promise<void> {
  return requireKnownHead({
    head: { height: 2, header: { message: { parent: new Uint8Array(32) } } },
    tree: { snapshotAfter: before },
    rules: { newest: 1, knows: () => known },
    unknownRules: 2,
  } as unknown as Loaded);
}

test("a head that later rules have made is named, also where what is before it cannot be read by the known ones", async () => {
  const { snapshot } = genesisParent("A");
  await look(async () => snapshot, true);
  const unknown = new BlockError("UNKNOWN_RULES", "…");
  for (const before of [async () => snapshot, () => Promise.reject(unknown)]) {
    const failure = await look(before).catch((error) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure.code).toBe("UNKNOWN_RULES");
  }
});

test.each([new BlockError("MALFORMED", "…"), new CodedError("UNKNOWN_RULES", "…"), new Error("the disk")])(
  "another error in reading it is passed on (%#)",
  async (error) => {
    await expect(look(() => Promise.reject(error))).rejects.toBe(error);
  },
);

test("a genesis block that the canonical chain lacks is named", async () => {
  const node = await testChain();
  await node.database.commit([{ key: keyOf("canonical", uint64Bytes(0)), value: undefined }]);
  await expect(node.reopen()).rejects.toMatchObject({
    code: "DAMAGED",
    message: expect.stringContaining("block 0 is missing"),
  });
});

test("hashes the stored accounts in slices before it compares them", async () => {
  const node = await testChain();
  const calls: string[] = [];
  const hash = vi
    .spyOn(AccountState.prototype, "hash")
    .mockImplementation(async () => void calls.push("hash"));
  const root = AccountState.prototype.stateRoot;
  const stateRoot = vi.spyOn(AccountState.prototype, "stateRoot").mockImplementation(function (
    this: AccountState,
    snapshot,
  ) {
    calls.push("root");
    return root.call(this, snapshot);
  });
  await node.reopen();
  hash.mockRestore();
  stateRoot.mockRestore();
  expect(calls.slice(0, 2)).toEqual(["hash", "root"]);
});

test("decodes the transactions of the newest blocks in slices", async () => {
  const node = await testChain();
  const { maker } = node;
  const transactions = await Promise.all(
    Array.from({ length: 513 }, (_, nonce) => maker.transfer({ nonce, amount: 1n })),
  );
  const pausesAtStart = async () => {
    let pauses = 0;
    const pause = async () => void pauses++;
    await testChain({ ...node, chain: { pause } });
    return pauses;
  };
  const before = await pausesAtStart();
  await node.addAll(await maker.block(maker.start(), { transactions }));
  expect(await pausesAtStart()).toBe(before + 1);
});
