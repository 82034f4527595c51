import { acceptRecoveries } from "../chain/accept-recoveries.ts";
import { checkBlock } from "../chain/block-check.ts";
import { Chain, importedTogether } from "../chain/chain.ts";
import { checkGenesis, storeGenesis } from "../chain/genesis.ts";
import { type ChainStores, chainStores } from "../chain/stores.ts";
import type { CheckedBlock } from "../chain/types.ts";
import { recoveryId } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { EventLog } from "../storage/event-log.ts";
import { BlockError } from "../types/errors.ts";
import { GenesisBlock } from "../types/genesis.ts";
import { EncodedBlock, type Recovery } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { inAdvance } from "../util/in-advance.ts";
import { silentLogger } from "../util/logger.ts";
import {
  bad,
  badFile,
  type ChainFile,
  type ChainFileBlock,
  type ChainFileOptions,
  decode,
  readChainFile,
} from "./chain-file.ts";
import { blockLog } from "./event-records.ts";
import { offlineChainOptions } from "./offline-chain.ts";
import { withDatabase } from "./open.ts";
import { maxCheckedBytes, withVerifyPool } from "./verify-threads.ts";

interface ImportOptions extends ChainFileOptions {
  /** Recoveries that a person has given: those in a file are not trusted. */
  recoveries?: readonly Recovery[];
}

/**
 * Checks and adds the blocks of a file; blocks that exist already are skipped.
 * @throws {UserError} `BAD_CHAIN_FILE`, `WRONG_CHAIN`, `RECOVERY_NEEDED`, and those of `acceptRecoveries`
 */
export function importChain(options: ImportOptions): Promise<{ blocks: number }> {
  return withVerifyPool((verify) => importWith(verify, options));
}

function importWith(
  verify: Verify,
  { paths, file, onProgress, recoveries = [] }: ImportOptions,
): Promise<{ blocks: number }> {
  return withDatabase(paths, async (database) => {
    const stores = chainStores(database);
    const source = await readChainFile(file);
    const genesis = await checkGenesis(source.genesis, verify).catch((error) => bad(file, messageOf(error)));
    const existing = await stores.meta.genesis();
    if (!existing) await storeGenesis(stores, genesis);
    else if (!sameGenesis(existing, source.genesis)) {
      throw new UserError(
        `${file} holds another chain (${genesis.idHex}) than ${paths.db}: import it under another --nodeid`,
        "WRONG_CHAIN",
      );
    }
    await requireNothingToLeave(stores, recoveries);
    await acceptRecoveries(stores, genesis, recoveries);
    await requireGiven(stores, source.recoveries, file);
    const eventLog = await EventLog.open({ database, logger: silentLogger });
    const chain = await Chain.open(offlineChainOptions(genesis, stores, verify), [blockLog(eventLog)]);
    return importBlocks(source, chain, { file, onProgress });
  });
}

/** Checks the blocks ahead of their import, and imports them in groups. @throws {UserError} `BAD_CHAIN_FILE` */
async function importBlocks(
  source: ChainFile,
  chain: Chain,
  { file, onProgress }: Pick<ChainFileOptions, "file" | "onProgress">,
): Promise<{ blocks: number }> {
  let blocks = 0;
  let height = 0;
  const check = async ({ at, bytes }: ChainFileBlock): Promise<CheckedBlock> => {
    const block = decode(file, () => EncodedBlock.deserialize(bytes));
    return checkBlock(block, chain.checks).catch((error) => {
      throw refusal(file, at, error);
    });
  };
  const limit = { weigh: ({ bytes }: ChainFileBlock) => bytes.length, maxWeight: maxCheckedBytes };
  for await (const group of inGroups(inAdvance(source.blocks, check, limit))) {
    for (const { id } of group) if (!(await chain.tree.get(id))) blocks++;
    try {
      await chain.importBlocks(group);
    } catch (error) {
      for (const [place, { id }] of group.entries())
        if (!(await chain.tree.get(id))) throw refusal(file, height + place + 1, error);
      throw error;
    }
    for (let place = 0; place < group.length; place++) onProgress(++height, source.height);
  }
  if (height !== source.height)
    bad(file, `it ends at block ${height} of ${source.height}; the blocks up to there were imported`);
  return { blocks };
}

function refusal(file: string, at: number, error: unknown): unknown {
  if (!(error instanceof BlockError)) return error;
  const { code, message } = error;
  if (code === "UNKNOWN_RULES")
    return badFile(file, `block ${at} cannot be checked: ${message}; the blocks before it were imported`);
  return badFile(file, `block ${at} is invalid, ${code}: ${message}`);
}

function sameGenesis(a: GenesisBlock, b: GenesisBlock): boolean {
  return equalBytes(GenesisBlock.serialize(a), GenesisBlock.serialize(b));
}

/** Groups of as many blocks as are imported together; fewer before an error of the source. */
async function* inGroups(blocks: AsyncIterable<CheckedBlock>): AsyncGenerator<CheckedBlock[], void> {
  let group: CheckedBlock[] = [];
  let bytes = 0;
  let failure: { error: unknown } | undefined;
  try {
    for await (const block of blocks) {
      group.push(block);
      bytes += block.body.length;
      if (group.length < importedTogether.blocks && bytes < importedTogether.bytes) continue;
      yield group;
      group = [];
      bytes = 0;
    }
  } catch (error) {
    failure = { error };
  }
  if (group.length > 0) yield group;
  if (failure) throw failure.error;
}

/** Only a running node has a mempool for the transactions of abandoned blocks. @throws {UserError} `START_FIRST` */
async function requireNothingToLeave(
  { meta, blocks, recoveries }: ChainStores,
  given: readonly Recovery[],
): Promise<void> {
  const added = given[(await recoveries.all()).length];
  const headId = await meta.head();
  const height = (headId && (await blocks.header(headId))?.header.message.height) ?? 0;
  if (!added || height <= added.block.height) return;
  throw new UserError(
    `this node has blocks above block ${added.block.height}, from which the chain was recovered: start it once with --recovery=<file>, so that their transactions are kept`,
    "START_FIRST",
  );
}

/** Only a person decides that a chain was recovered. @throws {UserError} `RECOVERY_NEEDED` */
async function requireGiven(
  { recoveries }: ChainStores,
  named: readonly Recovery[],
  file: string,
): Promise<void> {
  const kept = (await recoveries.all()).map((recovery) => toHex(recoveryId(recovery)));
  const missing = named.map((recovery) => toHex(recoveryId(recovery))).find((id, at) => id !== kept[at]);
  if (missing === undefined) return;
  throw new UserError(
    `the chain in ${file} goes on from the recovery ${missing}: if its operators have agreed on that, give their recovery file with --recovery=<file>`,
    "RECOVERY_NEEDED",
  );
}
