import { type Signer, signerFromSeed } from "../../../src/accounts/signer.ts";
import { type ChainOptions, untimed } from "../../../src/chain/assemble.ts";
import { checkBlock } from "../../../src/chain/block-check.ts";
import { Chain } from "../../../src/chain/chain.ts";
import {
  type CheckedGenesis,
  checkGenesis,
  createGenesis,
  storeGenesis,
} from "../../../src/chain/genesis.ts";
import type { ChainParticipant } from "../../../src/chain/participants.ts";
import { type KnownRules, productRules } from "../../../src/chain/rules.ts";
import { type ChainStores, chainStores } from "../../../src/chain/stores.ts";
import type { BlockSigner, CheckedBlock } from "../../../src/chain/types.ts";
import { requiredDifficulty } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { AccountState, executeBlock } from "../../../src/state/index.ts";
import type { Database } from "../../../src/storage/database.ts";
import { Indexer } from "../../../src/storage/indexer.ts";
import { keySpaces } from "../../../src/storage/key-spaces.ts";
import { balancesOf, type ChainConfig } from "../../../src/types/genesis.ts";
import {
  type Block,
  type ChainSnapshot,
  computeDomain,
  type EncodedBlock,
  Header,
  noVote,
  signingRoot,
  type Transaction,
  Transactions,
  transactionsRoot,
  zero32,
} from "../../../src/types/index.ts";
import { compareBytes, toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { type ConfigChanges, testChainConfig } from "../../chain-config.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { ManualClock } from "./clock.ts";
import { MemoryDatabase } from "./database.ts";

/** A signer that also signs headers, without slashing protection. */
export type TestSigner = Signer & BlockSigner;

/** Returns the signer of a number, which is the same in every run. */
export function signer(number: number): TestSigner {
  const account = signerFromSeed(sha256(uint32Bytes(number)));
  return { ...account, freeSlotFrom: (slot) => slot, signHeader: ({ root }) => account.sign(root) };
}

/** Signers of consecutive numbers, ascending as in the authority list: the index is the turn. */
export function ascendingSigners(first: number, count: number): TestSigner[] {
  return Array.from({ length: count }, (_, index) => signer(first + index)).sort((a, b) =>
    compareBytes(a.publicKey, b.publicKey),
  );
}

export const authorities = ascendingSigners(1, 5);
export const users: TestSigner[] = [101, 102, 103, 104].map(signer);
export const startBalance = 1_000_000n;
export const genesisTime = 1_600_000_000_000;

export function chainConfig(authorityCount: number, changes: ConfigChanges = {}): ChainConfig {
  const set = authorities.slice(0, authorityCount).map(({ publicKey }) => publicKey);
  return testChainConfig({ authorities: set.sort(compareBytes), ...changes });
}

export async function testGenesis(authorityCount = 3, config: ConfigChanges = {}): Promise<CheckedGenesis> {
  const coinbase = {
    balances: users.slice(0, 3).map(({ publicKey }) => ({ address: publicKey, balance: startBalance })),
  };
  const block = await createGenesis(
    chainConfig(authorityCount, config),
    coinbase,
    authorities[0]!,
    genesisTime,
  );
  return checkGenesis(block, verifySignatures);
}

export interface Transfer {
  /** The index among `users`. */
  from?: number;
  to?: Uint8Array;
  amount?: bigint;
  fee?: bigint;
  nonce?: number;
  validUntil?: number;
  memo?: Uint8Array;
}

/** Makes transfers and blocks for a chain without its code, so that it is a model of the chain. */
export class BlockMaker {
  readonly genesis: CheckedGenesis;
  readonly domain: Uint8Array;
  readonly #rules: KnownRules;

  constructor(genesis: CheckedGenesis, rules = productRules) {
    this.genesis = genesis;
    this.#rules = rules;
    this.domain = computeDomain("transaction", genesis.id);
  }

  async transfer({
    from = 0,
    to,
    amount = 1n,
    fee = 1n,
    nonce = 0,
    validUntil = 0,
    memo,
  }: Transfer): Promise<Transaction> {
    const message = {
      from: users[from]!.publicKey,
      to: to ?? users[1]!.publicKey,
      amount,
      fee,
      nonce,
      validUntil,
      memo: memo ?? new Uint8Array(),
    };
    const unsigned = transactionRecord({ message, signature: new Uint8Array(64) }, this.domain);
    return { message, signature: await users[from]!.sign(unsigned.signingRoot) };
  }

  start(): Tip {
    const { block, id, snapshot } = this.genesis;
    const state = () => {
      return AccountState.fromGenesis(balancesOf(block), new Uint8Array(8));
    };
    return {
      header: block.header.message,
      id,
      idHex: toHex(id),
      snapshot,
      totalDifficulty: 0,
      blocks: [],
      state,
    };
  }

  /** Makes a valid block on `tip`, which `edit` and `signature` may change. */
  async block(tip: Tip, options: BlockOptions = {}): Promise<Tip> {
    const { config } = this.genesis;
    const { transactions = [], edit = {}, laterMs = 0 } = options;
    const height = tip.header.height + 1;
    const proposer =
      options.by ??
      authorities.find((one) => compareBytes(one.publicKey, inTurn(tip.snapshot, height)) === 0)!;
    const draft: Header = {
      height,
      parent: tip.id,
      timestamp: tip.header.timestamp + tip.snapshot.parameters.periodMs + laterMs,
      proposer: proposer.publicKey,
      difficulty: requiredDifficulty(tip.snapshot, height, proposer.publicKey),
      vote: noVote,
      transactionsRoot: transactionsRoot(
        transactions.map((transaction) => transactionRecord(transaction, this.domain).id),
      ),
      stateRoot: zero32,
    };
    const rules = this.#rules.after(tip.snapshot);
    const snapshot = rules.applyHeader(tip.snapshot, { ...draft, ...edit }, config);
    const state = () => {
      const next = tip.state();
      const parameters = rules.execution(tip.snapshot.parameters);
      executeBlock(next, { height, transactions, proposer: proposer.publicKey, parameters });
      return next;
    };
    if (!options.unexecuted) draft.stateRoot = state().stateRoot(snapshot);
    const message = { ...draft, ...edit };
    const id = Header.hashTreeRoot(message);
    const root = signingRoot(id, computeDomain("header", this.genesis.id));
    const block = {
      header: { message, signature: await (options.signedBy ?? proposer).sign(root) },
      transactions: [...transactions],
    };
    return {
      header: message,
      id,
      idHex: toHex(id),
      snapshot,
      totalDifficulty: tip.totalDifficulty + message.difficulty,
      blocks: [...tip.blocks, block],
      state,
    };
  }

  /** Makes `count` empty blocks in turn. */
  async extend(tip: Tip, count: number, options: BlockOptions = {}): Promise<Tip> {
    let last = tip;
    for (let made = 0; made < count; made++) last = await this.block(last, options);
    return last;
  }
}

export interface BlockOptions {
  by?: Signer;
  signedBy?: Signer;
  transactions?: readonly Transaction[];
  edit?: Partial<Header>;
  laterMs?: number;
  /** True to leave the state root zero, because the transactions cannot be executed. */
  unexecuted?: boolean;
}

/** A block with all its ancestors and the state after it. */
export interface Tip {
  header: Header;
  id: Uint8Array;
  idHex: string;
  snapshot: ChainSnapshot;
  totalDifficulty: number;
  /** The blocks from height 1 on. */
  blocks: Block[];
  /** Computes the state from genesis without the chain under test. */
  state(): AccountState;
}

function inTurn(snapshot: ChainSnapshot, height: number): Uint8Array {
  return snapshot.authorities[height % snapshot.authorities.length]!;
}

export interface TestChain {
  chain: Chain;
  genesis: CheckedGenesis;
  maker: BlockMaker;
  stores: ChainStores;
  database: Database;
  clock: ManualClock;
  check(block: Block): Promise<CheckedBlock>;
  /** Checks and imports a block; resolves to the outcome. */
  add(block: Block): Promise<string>;
  addAll(tip: Tip): Promise<void>;
  /** Opens the same database again. */
  reopen(): Promise<TestChain>;
}

/** Encodes a block in its form on the wire and on disk. */
export function encoded({ header, transactions }: Block): EncodedBlock {
  return { header, body: Transactions.serialize(transactions) };
}

/** Opens a chain in memory, or in `database`. */
export async function testChain(
  options: {
    genesis?: CheckedGenesis;
    database?: Database;
    chain?: Partial<ChainOptions>;
    /** Makes the participants before the head moves. */
    participants?(chain: Chain): ChainParticipant[] | Promise<ChainParticipant[]>;
    clock?: ManualClock;
    /** The least number of transactions whose indexes are written after their block; by default none are. */
    indexedLater?: number;
  } = {},
): Promise<TestChain> {
  const genesis = options.genesis ?? (await testGenesis());
  const database = options.database ?? new MemoryDatabase();
  const clock = options.clock ?? new ManualClock();
  const { indexedLater: few } = options;
  const indexer = few === undefined ? new Indexer(database) : new Indexer(database, clock, few);
  const stores = chainStores(database, indexer);
  if (!(await stores.meta.genesis())) await storeGenesis(stores, genesis);
  const chain = await Chain.load({
    genesis,
    rules: productRules,
    stores,
    verify: verifySignatures,
    clock,
    logger: silentLogger,
    seed: new Uint8Array(8),
    pause: async () => undefined,
    startTimer: untimed,
    ...options.chain,
  });
  await chain.resume((await options.participants?.(chain)) ?? []);
  const check = (block: Block) => checkBlock(encoded(block), chain.checks);
  return {
    chain,
    genesis,
    maker: new BlockMaker(genesis),
    stores,
    database,
    clock,
    check,
    add: async (block) => chain.importBlock(await check(block)),
    async addAll(tip) {
      for (const block of tip.blocks) await chain.importBlock(await check(block));
    },
    reopen: () => testChain({ ...options, genesis, database, clock }),
  };
}

/**
 * Resolves, when all is on disk, to everything that follows from the canonical chain: memory, and all keys on disk
 * except side blocks and snapshots.
 */
export async function contentsOf({ chain, stores, database }: TestChain) {
  await chain.close();
  const { state, head, snapshot } = chain;
  const accounts = Array.from({ length: state.count }, (_, index) => ({
    address: state.address(index),
    balance: state.balance(index),
    nonce: state.nonce(index),
  }));
  const disk: Record<string, string> = {};
  const spaces = [
    keySpaces.meta,
    keySpaces.canonical,
    keySpaces.account,
    keySpaces.transactionPlace,
    keySpaces.accountEntry,
    keySpaces.accountIncome,
    keySpaces.undo,
    keySpaces.waitingBlock,
  ];
  for (const space of spaces) {
    const range = { gte: Uint8Array.of(space), lt: Uint8Array.of(space + 1) };
    for await (const [key, value] of database.iterate(range)) disk[toHex(key)] = toHex(value);
  }
  return {
    head: head.idHex,
    height: head.height,
    totalDifficulty: head.totalDifficulty,
    snapshot,
    stateRoot: toHex(AccountState.fromAccounts(accounts, new Uint8Array(8)).stateRoot(snapshot)),
    accounts,
    storedHead: toHex((await stores.meta.head())!),
    disk,
  };
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? `uncoded: ${error}`;
  }
  return "no error";
}
