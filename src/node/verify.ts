import { checkBlock, checkBlockLimits, freshChecks } from "../chain/block-check.ts";
import { checkGenesis } from "../chain/genesis.ts";
import { Recoveries } from "../chain/recoveries.ts";
import { type KnownRules, productRules } from "../chain/rules.ts";
import { type ChainStores, chainStores } from "../chain/stores.ts";
import type { NodePaths } from "../config/index.ts";
import { checkRecoveries } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { AccountState, executeBlock } from "../state/index.ts";
import { sameSnapshot } from "../storage/snapshot.ts";
import { BlockError } from "../types/errors.ts";
import { balancesOf } from "../types/genesis.ts";
import type { EncodedBlock } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";
import { inAdvance } from "../util/in-advance.ts";
import { systemPause } from "../util/slices.ts";
import { noChain, withExistingDatabase } from "./open.ts";
import { maxCheckedBytes, withVerifyPool } from "./verify-threads.ts";

const hint = "there is nothing to verify";

export interface VerifyOptions {
  paths: NodePaths;
  /** The known rules; by default those of this program. */
  rules?: KnownRules;
  onProgress(done: number, total: number): void;
}

export interface VerifyResult {
  blocks: number;
  transactions: number;
  accounts: number;
  stateRoot: Hex;
}

/**
 * Checks a whole database: every rule of every canonical block from genesis on, and that the stored accounts are the
 * result. @throws {CodedError} `DAMAGED` with the first block that is wrong. {UserError} `UNKNOWN_RULES`
 */
export function verifyChain(options: VerifyOptions): Promise<VerifyResult> {
  return withVerifyPool((verify) => verifyWith(verify, options));
}

function verifyWith(
  verify: Verify,
  { paths, rules: known = productRules, onProgress }: VerifyOptions,
): Promise<VerifyResult> {
  return withExistingDatabase(paths, hint, async (database) => {
    const stores = chainStores(database);
    const block = await stores.meta.genesis();
    if (!block) throw noChain(paths, hint);
    const genesis = await checkGenesis(block, verify);
    await stores.indexer.resume(genesis.id);
    const { config } = genesis;
    const stored = (await stores.meta.headSnapshot()) ?? damaged("the authorities of its head are missing");
    const given = await stores.recoveries.all();
    checkRecoveries(given, config);
    // A start may have recorded recoveries and not yet left the blocks above theirs: these do not count.
    const recoveries = new Recoveries(given).before(stored);
    const headId = (await stores.meta.head()) ?? damaged("it has no head");
    const state = AccountState.fromGenesis(balancesOf(block), new Uint8Array(8));
    const isAccount = (address: Uint8Array) => state.indexOf(address) >= 0;
    const checks = freshChecks({ genesisId: genesis.id, verify, isAccount, pause: systemPause });

    let totalDifficulty = 0;
    let parent = { header: block.header.message, id: genesis.id, snapshot: genesis.snapshot };
    let transactions = 0;
    const total =
      (await stores.blocks.header(headId))?.header.message.height ?? damaged("its head is missing");
    const check = async ({ height, totalDifficulty, ...block }: StoredBlock) => {
      const checked = await checkBlock(block, checks).catch((error) => wrong(height, error));
      return { height, weight: totalDifficulty, checked };
    };
    const limit = { weigh: ({ body }: StoredBlock) => body.length, maxWeight: maxCheckedBytes };
    for await (const { height, weight, checked } of inAdvance(readBlocks(stores, total), check, limit)) {
      try {
        const { message } = checked.header;
        recoveries.requireNamed({ height, id: checked.id });
        const before = recoveries.after(parent.id, parent.snapshot);
        const rules = known.after(before);
        rules.checkHeader({ ...parent, snapshot: before }, message, config);
        checkBlockLimits(checked.records, before.parameters);
        const snapshot = rules.applyHeader(before, message, config);
        const records = checked.records.map(({ transaction }) => transaction);
        const executed = executeBlock(state, {
          height,
          transactions: records,
          proposer: message.proposer,
          parameters: rules.execution(before.parameters),
        });
        state.settle();
        if (!equalBytes(state.stateRoot(snapshot), message.stateRoot)) damaged("the state root is wrong");
        totalDifficulty += message.difficulty;
        if (weight !== totalDifficulty) damaged("its total difficulty is wrong");
        const indexed = { height, records: checked.records, ...executed };
        if (!(await stores.places.has(indexed)) || !(await stores.histories.has(indexed)))
          damaged("the indexes do not find its transactions");
        transactions += checked.records.length;
        parent = { header: message, id: checked.id, snapshot };
      } catch (error) {
        wrong(height, error);
      }
      onProgress(height, total);
    }
    if (!equalBytes(parent.id, headId)) damaged("its head is not the last block of its chain");
    if (!sameSnapshot(stored, parent.snapshot)) damaged("the authorities of its head are wrong");
    await compareAccounts(stores, state);
    return {
      blocks: total,
      transactions,
      accounts: state.count,
      stateRoot: toHex(state.stateRoot(parent.snapshot)),
    };
  });
}

interface StoredBlock extends EncodedBlock {
  height: number;
  totalDifficulty: number;
}

async function* readBlocks(stores: ChainStores, end: number): AsyncGenerator<StoredBlock, void> {
  for (let height = 1; height <= end; height++)
    yield await readBlock(stores, height).catch((error) => wrong(height, error));
}

async function readBlock({ blocks }: ChainStores, height: number): Promise<StoredBlock> {
  const [place] = await blocks.canonicalTimes([height]);
  const { id, timestamp } = place ?? damaged("it is missing");
  const record = (await blocks.header(id)) ?? damaged("its header is missing");
  if (record.header.message.timestamp !== timestamp) damaged("the index has another time for it");
  return {
    height,
    header: record.header,
    totalDifficulty: record.totalDifficulty,
    body: (await blocks.bodyBytes(id)) ?? damaged("its transactions are missing"),
  };
}

async function compareAccounts({ accounts }: ChainStores, state: AccountState): Promise<void> {
  let index = 0;
  for await (const page of accounts.all()) {
    for (let place = 0; place < page.count; place++) {
      const same = index < state.count && equalBytes(page.address(place), state.address(index));
      if (!same || page.balance(place) !== state.balance(index) || page.nonce(place) !== state.nonce(index))
        damaged(`stored account ${index} is wrong`);
      index++;
    }
  }
  if (index !== state.count) damaged(`${state.count - index} stored accounts are missing`);
}

/**
 * @throws {UserError} `UNKNOWN_RULES`: a later program made this block, and nothing can be said about it. {CodedError}
 * `DAMAGED`
 */
function wrong(height: number, error: unknown): never {
  if (error instanceof BlockError && error.code === "UNKNOWN_RULES")
    throw new UserError(`block ${height} cannot be verified: ${error.message}`, "UNKNOWN_RULES");
  throw new CodedError("DAMAGED", `block ${height} is wrong: ${messageOf(error)}`, { cause: error });
}

function damaged(what: string): never {
  throw new CodedError("DAMAGED", what);
}
