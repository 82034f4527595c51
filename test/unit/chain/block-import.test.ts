import { describe, expect, test } from "vitest";
import { checkBlock } from "../../../src/chain/block-check.ts";
import { AccountState } from "../../../src/state/index.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import type { BlockErrorCode } from "../../../src/types/errors.ts";
import { authorityVote, type Block, noVote } from "../../../src/types/index.ts";
import { toHex, uint64Bytes } from "../../../src/util/bytes.ts";
import {
  authorities,
  type BlockOptions,
  codeOf,
  contentsOf,
  encoded,
  signer,
  startBalance,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";

const bytes32 = (byte: number) => new Uint8Array(32).fill(byte);

describe("each error code", () => {
  type Bad = (node: TestChain, tip: Tip) => Promise<Tip | Block>;
  const edited =
    (options: BlockOptions): Bad =>
    ({ maker }, tip) =>
      maker.block(tip, options);
  const inTurn = (tip: Tip, ahead = 1) => authorities[(tip.header.height + ahead) % 3]!;
  const cases: [string, BlockErrorCode, Bad][] = [
    [
      "an unknown kind of vote",
      "MALFORMED",
      edited({ edit: { vote: { ...noVote, kind: 4, candidate: bytes32(1) } } }),
    ],
    [
      "a candidate without a vote",
      "MALFORMED",
      edited({ edit: { vote: { ...noVote, candidate: bytes32(1) } } }),
    ],
    ["a height above 2^53", "MALFORMED", edited({ edit: { height: 2 ** 53 } })],
    [
      "another transactions root",
      "WRONG_TRANSACTIONS_ROOT",
      edited({ edit: { transactionsRoot: bytes32(1) } }),
    ],
    [
      "too many transactions",
      "TOO_MANY_TRANSACTIONS",
      async ({ maker }, tip) =>
        maker.block(tip, {
          transactions: await Promise.all([0, 1, 2, 3].map((nonce) => maker.transfer({ nonce }))),
        }),
    ],
    [
      "too many bytes",
      "TOO_LARGE",
      async ({ maker }, tip) => {
        const memo = new Uint8Array(256);
        return maker.block(tip, {
          transactions: await Promise.all([0, 1, 2].map((nonce) => maker.transfer({ nonce, memo }))),
        });
      },
    ],
    ["a parent that nobody knows", "UNKNOWN_PARENT", edited({ edit: { parent: bytes32(9) } })],
    ["another height", "WRONG_HEIGHT", edited({ edit: { height: 7 } })],
    ["less than a period after its parent", "TOO_EARLY", edited({ laterMs: -1 })],
    [
      "ahead of the clock",
      "FUTURE_BLOCK",
      ({ maker, clock }, tip) => maker.block(tip, { edit: { timestamp: clock.now() + 1 } }),
    ],
    [
      "out of turn, before its place in line has come",
      "FUTURE_BLOCK",
      ({ maker, clock }, tip) =>
        maker.block(tip, { by: inTurn(tip, 2), edit: { timestamp: clock.now() - 499 } }),
    ],
    ["a proposer who is no authority", "NOT_AN_AUTHORITY", edited({ by: signer(77) })],
    [
      "the future of one who is no authority",
      "NOT_AN_AUTHORITY",
      ({ maker, clock }, tip) => maker.block(tip, { by: signer(77), edit: { timestamp: clock.now() + 1 } }),
    ],
    [
      "the signer of the block before",
      "SIGNED_RECENTLY",
      ({ maker }, tip) => maker.block(tip, { by: inTurn(tip, 0) }),
    ],
    ["the difficulty of another", "WRONG_DIFFICULTY", edited({ edit: { difficulty: 1 } })],
    ["a vote on nobody", "MALFORMED", edited({ edit: { vote: authorityVote("add", bytes32(0)) } })],
    ["the signature of another", "INVALID_HEADER_SIGNATURE", edited({ signedBy: signer(77) })],
    [
      "a transaction signed by another",
      "INVALID_TRANSACTION_SIGNATURE",
      async ({ maker }, tip) => {
        const good = await maker.transfer({});
        return maker.block(tip, { transactions: [{ ...good, signature: new Uint8Array(64) }] });
      },
    ],
    [
      "a transaction that cannot be executed",
      "INVALID_TRANSACTION",
      async ({ maker }, tip) =>
        maker.block(tip, { unexecuted: true, transactions: [await maker.transfer({ nonce: 1 })] }),
    ],
    ["another state root", "WRONG_STATE_ROOT", edited({ edit: { stateRoot: bytes32(3) } })],
  ];

  test.each(cases)("%s: %s", async (_, code, make) => {
    const genesis = await testGenesis(3, { maxBlockTransactions: 3, maxBlockBytes: 1100 });
    const node = await testChain({ genesis });
    const tip = await node.maker.extend(node.maker.start(), 3);
    await node.addAll(tip);
    const before = await contentsOf(node);
    const made = await make(node, tip);
    const block = "blocks" in made ? made.blocks.at(-1)! : made;
    expect(await codeOf(node.add(block))).toBe(code);
    expect(await contentsOf(node)).toEqual(before);
    // A valid block is still imported.
    expect(await node.add((await node.maker.block(tip)).blocks.at(-1)!)).toBe("head");
  });

  test("refuses a vote in the first block of an epoch with INVALID_VOTE", async () => {
    const node = await testChain({ genesis: await testGenesis(3, { epochLength: 2 }) });
    const vote = authorityVote("add", signer(9).publicKey);
    const tip = await node.maker.block(node.maker.start(), { edit: { vote } });
    await node.addAll(tip);
    expect(await codeOf(node.add((await node.maker.block(tip, { edit: { vote } })).blocks[1]!))).toBe(
      "INVALID_VOTE",
    );
  });

  test("refuses a block that was found invalid, and its descendants, without checking them again", async () => {
    const node = await testChain();
    const bad = await node.maker.block(node.maker.start(), { edit: { stateRoot: bytes32(3) } });
    const child = await node.maker.block(bad);
    const grandchild = await node.maker.block(child);
    const codes = [];
    for (const block of [
      bad.blocks[0]!,
      bad.blocks[0]!,
      child.blocks[1]!,
      child.blocks[1]!,
      grandchild.blocks[2]!,
    ])
      codes.push(await codeOf(node.add(block)));
    expect(codes).toEqual([
      "WRONG_STATE_ROOT",
      "KNOWN_INVALID",
      "INVALID_ANCESTOR",
      "KNOWN_INVALID",
      "INVALID_ANCESTOR",
    ]);
    expect(await codeOf(node.chain.checkHeaders([bad.blocks[0]!.header]))).toBe("KNOWN_INVALID");
    expect(await node.chain.tree.get(bad.id)).toBeUndefined();
  });
});

test("does not import a known block again", async () => {
  const node = await testChain();
  const tip = await node.maker.block(node.maker.start());
  const rival = await node.maker.block(node.maker.start(), { by: authorities[0]! });
  const blocks = [tip.blocks[0]!, rival.blocks[0]!, tip.blocks[0]!, rival.blocks[0]!];
  const checked = await Promise.all(blocks.map((block) => checkBlock(encoded(block), node.chain.checks)));
  expect(await Promise.all(checked.map((block) => node.chain.importBlock(block)))).toEqual([
    "head",
    "side",
    "known",
    "known",
  ]);
});

test("does not keep the transactions of imported blocks in memory", async () => {
  const node = await testChain();
  const start = node.maker.start();
  const tip = await node.maker.block(start, { transactions: [await node.maker.transfer({})] });
  await node.addAll(tip);
  expect(await node.chain.tree.get(tip.id)).not.toHaveProperty("records");
});

describe("a batch of blocks", () => {
  /** Makes five blocks with a transfer each, of which the fourth is changed by `edit`. */
  async function five(database: MemoryDatabase, edit: BlockOptions = {}) {
    const node = await testChain({ database });
    const { maker } = node;
    let tip = maker.start();
    for (let height = 1; height <= 5; height++) {
      const transactions = [await maker.transfer({ nonce: height - 1, to: signer(50 + height).publicKey })];
      tip = await maker.block(tip, { transactions, ...(height === 4 ? edit : {}) });
    }
    return { node, tip, checked: await Promise.all(tip.blocks.map((block) => node.check(block))) };
  }

  test("writes a batch at once, which gives the same state as block by block", async () => {
    const database = new MemoryDatabase();
    const { node, tip, checked } = await five(database);
    const alone = await testChain({ genesis: node.genesis });
    await alone.addAll(tip);
    const changes: number[][] = [];
    const imported: number[] = [];
    node.chain.events.on("head", ({ applied }) => changes.push(applied.map(({ height }) => height)));
    node.chain.events.on("imported", ({ height }) => imported.push(height));
    const before = database.commits;
    await node.chain.importBlocks(checked);
    expect(database.commits - before).toBe(1);
    expect([changes, imported]).toEqual([[[1, 2, 3, 4, 5]], [1, 2, 3, 4, 5]]);
    expect(await contentsOf(node)).toEqual(await contentsOf(alone));
    expect(await contentsOf(await node.reopen())).toEqual(await contentsOf(alone));
    for (const { id } of checked) {
      const both = [node, alone].map(({ chain }) => chain.tree.snapshotAfter(id));
      expect(await both[0]).toEqual(await both[1]);
    }
  });

  test.each([
    ["cannot be executed", { edit: { stateRoot: bytes32(3) } }, "WRONG_STATE_ROOT"],
    ["breaks a rule of headers", { edit: { difficulty: 3 } }, "WRONG_DIFFICULTY"],
  ])("imports a batch up to the last block before one that %s", async (_name, edit, code) => {
    const { node, checked } = await five(new MemoryDatabase(), edit);
    expect(await codeOf(node.chain.importBlocks(checked))).toBe(code);
    expect(node.chain.head.idHex).toBe(checked[2]!.idHex);
    const alone = await testChain({ genesis: node.genesis });
    for (const block of checked.slice(0, 3)) await alone.chain.importBlock(block);
    expect(await contentsOf(node)).toEqual(await contentsOf(alone));
  });

  test("changes nothing if its commit fails", async () => {
    const database = new MemoryDatabase();
    const { node, checked } = await five(database);
    const before = await contentsOf(node);
    database.failing = 1;
    expect(await codeOf(node.chain.importBlocks(checked))).toBe("WRITE_FAILED");
    expect(await contentsOf(node)).toEqual(before);
    await node.chain.importBlocks(checked);
    expect(node.chain.head.height).toBe(5);
  });

  test("a batch of a better side branch becomes the canonical chain", async () => {
    const { node, checked } = await five(new MemoryDatabase());
    await node.addAll(await node.maker.block(node.maker.start(), { laterMs: 1 }));
    await node.chain.importBlocks(checked);
    expect(node.chain.head.idHex).toBe(checked.at(-1)!.idHex);
  });
});

describe("a heavier branch with an invalid block", () => {
  /**
   * Makes a head at height 4 and a branch from height 1 that is better from its fourth block on; the block `at` is
   * invalid.
   */
  async function invalidBranch(at: number, bad: BlockOptions) {
    const node = await testChain();
    const { maker } = node;
    const fork = await maker.block(maker.start());
    const head = await maker.extend(fork, 3);
    await node.addAll(head);
    let first = fork;
    const branch = await losingTie(async (laterMs) => {
      first = await maker.block(fork, at === 0 ? { ...bad, laterMs } : { laterMs });
      const second = await maker.block(first, at === 1 ? bad : {});
      return maker.block(second);
    }, head);
    return { node, head, first, branch: await maker.block(branch, at === 3 ? bad : {}), fork };
  }

  /** Tries timestamps until the head's id is lower, since the lower id wins among blocks of equal weight. */
  async function losingTie(make: (laterMs: number) => Promise<Tip>, head: Tip): Promise<Tip> {
    for (let laterMs = 1; ; laterMs++) {
      const tip = await make(laterMs);
      if (tip.idHex > head.idHex) return tip;
    }
  }
  const badRoot: BlockOptions = { edit: { stateRoot: bytes32(3) } };

  test("changes nothing, and the block and its descendants are refused", async () => {
    const { node, branch } = await invalidBranch(1, badRoot);
    const before = await contentsOf(node);
    for (const block of branch.blocks.slice(1, -1)) expect(await node.add(block)).toBe("side");
    expect(await codeOf(node.add(branch.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
    expect(await contentsOf(node)).toEqual(before);
    const codes = [];
    for (const block of branch.blocks.slice(1)) codes.push(await codeOf(node.add(block)));
    expect(codes).toEqual(["no error", ...Array(3).fill("KNOWN_INVALID")]);
    expect(await contentsOf(await node.reopen())).toEqual(before);
  });

  test("leaves the valid blocks before it, which can be built on", async () => {
    const { node, branch } = await invalidBranch(3, badRoot);
    const before = await contentsOf(node);
    for (const block of branch.blocks.slice(1, -1)) expect(await node.add(block)).toBe("side");
    expect(await codeOf(node.add(branch.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
    expect(await contentsOf(node)).toEqual(before);
    const valid = branch.blocks.slice(0, -1);
    const other = await testChain({ genesis: node.genesis });
    for (const block of valid) expect(await other.add(block)).toBe("head");
    expect(await codeOf(other.add(branch.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
    expect(other.chain.head.height).toBe(valid.length);
  });

  test("refuses a heavier branch whose last out-of-turn block is invalid, and follows it with a valid one", async () => {
    const node = await testChain({ genesis: await testGenesis(4) });
    const { maker } = node;
    // Two blocks in turn weigh 4, which the branch of out-of-turn blocks exceeds with its fifth.
    const head = await maker.extend(maker.start(), 2);
    await node.addAll(head);
    const outOfTurn = async (tip: Tip, options: BlockOptions = {}) => {
      for (const by of authorities.slice(0, 4)) {
        const made = await maker.block(tip, { by, laterMs: 7, ...options });
        const barred = tip.snapshot.recentSigners.some(
          ({ proposer }) => toHex(proposer) === toHex(by.publicKey),
        );
        if (made.header.difficulty === 1 && !barred) return made;
      }
      throw new Error("nobody is out of turn");
    };
    let branch = maker.start();
    for (let block = 0; block < 4; block++) branch = await outOfTurn(branch);
    // Four blocks of weight 1 tie with the head's 4 but are higher, which is worse. The next makes the branch better,
    // but is invalid.
    for (const block of branch.blocks) expect(await node.add(block)).toBe("side");
    const bad = await maker.block(branch, badRoot);
    expect(await codeOf(node.add(bad.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
    expect(node.chain.head.idHex).toBe(head.idHex);
    // The valid blocks are still stored and can be built on.
    const good = await maker.block(branch);
    expect(await node.add(good.blocks.at(-1)!)).toBe("head");
    const alone = await testChain({ genesis: node.genesis });
    await alone.addAll(good);
    expect(await contentsOf(node)).toEqual(await contentsOf(alone));
  });

  test("refuses a heavier branch with a transaction deep in it that cannot be executed", async () => {
    const node = await testChain();
    const { maker } = node;
    const fork = await maker.block(maker.start());
    const head = await maker.extend(fork, 3);
    await node.addAll(head);
    const before = await contentsOf(node);
    const transactions = [await maker.transfer({ amount: startBalance, fee: 1n })];
    const sides = await losingTie(async (laterMs) => {
      const bad = await maker.block(fork, { laterMs, unexecuted: true, transactions });
      return maker.extend({ ...bad, state: fork.state }, 2);
    }, head);
    const branch = await maker.block(sides);
    const codes = [];
    for (const block of branch.blocks.slice(1)) codes.push(await codeOf(node.add(block)));
    expect(codes).toEqual(["no error", "no error", "no error", "INVALID_TRANSACTION"]);
    expect(await contentsOf(node)).toEqual(before);
  });

  test("makes other branches on the block refused when they become the best, also after a restart", async () => {
    for (const restart of [false, true]) {
      let { node, branch, fork, first } = await invalidBranch(0, badRoot);
      const { maker } = node;
      // The block is stored before it is known to be invalid.
      let other = await maker.block({ ...first, state: fork.state }, { laterMs: 2 });
      for (const block of branch.blocks.slice(1, -1)) expect(await node.add(block)).toBe("side");
      expect(await node.add(other.blocks.at(-1)!)).toBe("side");
      expect(await codeOf(node.add(branch.blocks.at(-1)!))).toBe("WRONG_STATE_ROOT");
      const before = await contentsOf(node);
      if (restart) node = await node.reopen();
      const codes = new Set<string>();
      for (let block = 0; block < 4; block++) {
        other = await maker.block(other, { laterMs: 2 });
        codes.add(await codeOf(node.add(other.blocks.at(-1)!)));
      }
      expect(codes).toContain(restart ? "UNKNOWN_PARENT" : "INVALID_ANCESTOR");
      expect(codes).not.toContain("DAMAGED");
      expect([...codes].join()).not.toContain("uncoded");
      expect(await contentsOf(node)).toEqual(before);
    }
  });
});

describe("a commit that fails", () => {
  test("rolls back the memory of an extension, a reorganization and a side branch", async () => {
    const database = new MemoryDatabase();
    const node = await testChain({ database });
    const { maker } = node;
    const spend = (tip: Tip) =>
      maker.transfer({ to: signer(55).publicKey, nonce: tip.state().get(users[0]!.publicKey)!.nonce });
    const fork = await maker.block(maker.start());
    const head = await maker.block(fork, { transactions: [await spend(fork)] });
    const rival = await maker.block(fork, {
      laterMs: 1,
      transactions: [await maker.transfer({ from: 1, to: signer(56).publicKey })],
    });
    const rivalHead = await maker.block(rival);
    const steps: [string, Block][] = [
      ["head", fork.blocks[0]!],
      ["head", head.blocks[1]!],
      ["side", rival.blocks[1]!],
      ["head", rivalHead.blocks[2]!],
    ];
    if (rival.header.difficulty !== head.header.difficulty) throw new Error("not a tie");
    for (const [, block] of steps) {
      const before = await contentsOf(node);
      database.failing = 1;
      expect(await codeOf(node.add(block))).toBe("WRITE_FAILED");
      expect(await contentsOf(node)).toEqual(before);
      expect(await contentsOf(await node.reopen())).toEqual(before);
      await node.add(block);
    }
    const alone = await testChain({ genesis: node.genesis });
    await alone.addAll(rivalHead);
    expect(await contentsOf(node)).toEqual(await contentsOf(alone));
  });

  test("an error of a listener neither stops the others nor makes a committed import look failed", async () => {
    const node = await testChain();
    const heard: number[] = [];
    node.chain.events.on("head", () => {
      throw new Error("a listener's fault");
    });
    node.chain.events.on("head", ({ head }) => heard.push(head.height));
    const tip = await node.maker.block(node.maker.start());
    expect(await node.add(tip.blocks[0]!)).toBe("head");
    expect(heard).toEqual([1]);
    expect(node.chain.head.idHex).toBe(tip.idHex);
    expect((await contentsOf(node)).head).toBe((await contentsOf(await node.reopen())).head);
  });
});

describe("opening a damaged database", () => {
  const cases: [string, (node: TestChain, tip: Tip) => { key: Uint8Array; value?: Uint8Array }, RegExp][] = [
    ["no head", () => ({ key: keyOf("meta", new TextEncoder().encode("head")) }), /it has no head/],
    ["the head's header", (_, { id }) => ({ key: keyOf("header", id) }), /its head .* is missing/],
    [
      "the head's authorities",
      () => ({ key: keyOf("meta", new TextEncoder().encode("head-snapshot")) }),
      /authorities of its head are missing/,
    ],
    ["a canonical id", () => ({ key: keyOf("canonical", uint64Bytes(3)) }), /block 3 is missing/],
    [
      "the canonical id of the head",
      () => ({ key: keyOf("canonical", uint64Bytes(20)) }),
      /block 20 is missing/,
    ],
    ["an old canonical id", () => ({ key: keyOf("canonical", uint64Bytes(1)) }), /block 1 is missing/],
    [
      "a canonical id of another block",
      (node) => ({ key: keyOf("canonical", uint64Bytes(18)), value: node.genesis.id }),
      /block 18 is not the parent of the one after it/,
    ],
    ["a header", (node, tip) => ({ key: keyOf("header", ancestor(node, tip, 15)) }), /block 15 is missing/],
    [
      "a body",
      (node, tip) => ({ key: keyOf("body", ancestor(node, tip, 15)) }),
      /the transactions of block 15 are missing/,
    ],
    [
      "another body",
      (node, tip) => ({ key: keyOf("body", ancestor(node, tip, 15)), value: new Uint8Array() }),
      /the transactions of block 15 are not those of its header/,
    ],
    [
      "an undo record",
      (node, tip) => ({ key: keyOf("undo", ancestor(node, tip, 15)) }),
      /the undo record of block 15 is missing/,
    ],
    ["an account", () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 1)) }), /account 1 is missing/],
    [
      "the last account",
      () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 5)) }),
      /not those of the head, block 20/,
    ],
    [
      "another balance",
      () => ({ key: keyOf("account", Uint8Array.of(0, 0, 0, 1)), value: new Uint8Array(48) }),
      /not those of the head, block 20/,
    ],
  ];

  function ancestor(_: TestChain, tip: Tip, height: number): Uint8Array {
    return tip.blocks[height]!.header.message.parent;
  }

  test.each(cases)("names the damage: %s", async (_, damage, message) => {
    const database = new MemoryDatabase();
    const node = await testChain({ database });
    let tip = node.maker.start();
    for (let nonce = 0; nonce < 20; nonce++)
      tip = await node.maker.block(tip, { transactions: [await node.maker.transfer({ nonce })] });
    await node.addAll(tip);
    const { key, value } = damage(node, tip);
    await database.commit([{ key, value }]);
    await expect(node.reopen()).rejects.toMatchObject({
      code: "DAMAGED",
      message: expect.stringMatching(message),
    });
    await expect(node.reopen()).rejects.toThrow(/Move the folder db away and start again/);
  });
});

test("the snapshot after any block follows from the headers since genesis", async () => {
  const node = await testChain({ genesis: await testGenesis(4, { epochLength: 40 }) });
  const { maker } = node;
  const candidate = signer(3000);
  const tips = [maker.start()];
  const branchTips: Tip[] = [];
  for (let height = 1; height <= 300; height++) {
    const tip = tips.at(-1)!;
    const vote = authorityVote("add", candidate.publicKey);
    const edit = height % 40 !== 0 && height < 80 ? { vote } : {};
    // The fifth authority has no known key, so others take its turns.
    const by = authorities.find(({ publicKey }) => {
      const barred = tip.snapshot.recentSigners.some(({ proposer }) => toHex(proposer) === toHex(publicKey));
      return !barred && tip.snapshot.authorities.some((member) => toHex(member) === toHex(publicKey));
    })!;
    tips.push(await cheapBlock(tip, { by, edit }));
    if (height % 90 === 0) branchTips.push(await cheapBlock(tip, { by, edit, laterMs: 5 }));
  }
  for (const { blocks } of tips.slice(1)) await node.add(blocks.at(-1)!);
  for (const { blocks } of branchTips) await node.add(blocks.at(-1)!);
  const again = await node.reopen();
  for (const tip of [...tips.filter((_, height) => height % 7 === 0), ...branchTips])
    expect(await again.chain.tree.snapshotAfter(tip.id)).toEqual(tip.snapshot);
  expect(tips.at(-1)!.snapshot.authorities).toHaveLength(5);

  /**
   * Makes a block without transactions by updating the state instead of executing everything again; only rewards
   * change.
   */
  async function cheapBlock(tip: Tip, options: BlockOptions): Promise<Tip> {
    const made = await maker.block(tip, options);
    const state = made.state();
    const accounts = Array.from({ length: state.count }, (_, index) => state.account(index));
    return { ...made, state: () => AccountState.fromAccounts(accounts, new Uint8Array(8)) };
  }
});

test("a block that is stored aside is announced as such, and as imported", async () => {
  const genesis = await testGenesis(2);
  const { chain, maker, add, addAll } = await testChain({ genesis });
  await addAll(await maker.extend(maker.start(), 2));
  const told: string[] = [];
  for (const name of ["aside", "imported"] as const)
    chain.events.on(name, ({ height }) => told.push(`${name} ${height}`));
  const first = await maker.block(maker.start(), { by: authorities[0]! });
  const other = await maker.block(maker.start(), { by: authorities[1]! });
  for (const { blocks } of [first, other]) await add(blocks[0]!);
  expect(told).toEqual(["aside 1", "imported 1"]);
});
