import { createReadStream } from "node:fs";
import { acceptRecoveries } from "../chain/accept-recoveries.ts";
import { Chain, importedTogether } from "../chain/chain.ts";
import { checkBlock } from "../chain/check.ts";
import { checkGenesis, storeGenesis } from "../chain/genesis.ts";
import { Recoveries } from "../chain/recoveries.ts";
import { type ChainStores, chainStores } from "../chain/stores.ts";
import type { CheckedBlock } from "../chain/types.ts";
import type { NodePaths } from "../config/index.ts";
import { recoveryId } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { EventLog } from "../storage/event-log.ts";
import { BlockError } from "../types/errors.ts";
import { GenesisBlock } from "../types/genesis.ts";
import { type BlockRef, EncodedBlock, type Recovery, RecoveryList } from "../types/index.ts";
import {
  concatBytes,
  equalBytes,
  readUint32,
  readUint64,
  toHex,
  uint32Bytes,
  uint64Bytes,
} from "../util/bytes.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";
import { inAdvance } from "../util/in-advance.ts";
import { silentLogger } from "../util/logger.ts";
import { blockLog } from "./event-records.ts";
import { offlineChainOptions } from "./offline-chain.ts";
import { noChain, withDatabase, withExistingDatabase } from "./open.ts";
import { maxCheckedBytes, withVerifyPool } from "./verify-threads.ts";
import { writeWholeFile } from "./whole-file.ts";

/**
 * The first bytes of a chain file. They are followed by the height of the last block (8), and then each block after its
 * length (4), from genesis on. If the chain has gone through recoveries, their list comes before genesis, as one more
 * block.
 */
const magic = new TextEncoder().encode("ccoin chain 1\n");
const recoveredMagic = new TextEncoder().encode("ccoin chain 2\n");
/** More than a genesis block with 2^20 balances. */
const maxFrameBytes = 64 * 2 ** 20;
const headerBytes = magic.length + 8;
const noChainHint = 'start the node in a network that has one, or make one with "ccoin init"';

export interface ChainFileOptions {
  paths: NodePaths;
  file: string;
  onProgress(done: number, total: number): void;
}

export interface ImportOptions extends ChainFileOptions {
  /** Recoveries that a person has given: those in a file are not trusted. */
  recoveries?: readonly Recovery[];
}

/** Writes the canonical chain to a new file. @throws {UserError} `NO_CHAIN`, `CANNOT_WRITE` */
export function exportChain({ paths, file, onProgress }: ChainFileOptions): Promise<{ blocks: number }> {
  return withExistingDatabase(paths, noChainHint, async (database) => {
    const stores = chainStores(database);
    const genesis = await stores.meta.genesis();
    const head = await stores.meta.head();
    const height = head && (await stores.blocks.header(head))?.header.message.height;
    if (!genesis || head === undefined || height === undefined) throw noChain(paths, noChainHint);
    await writeWholeFile(file, async (handle) => {
      const recoveries = await recoveriesOf(stores, { height, id: head });
      const listed = recoveries.length > 0;
      await handle.writeFile(concatBytes(listed ? recoveredMagic : magic, uint64Bytes(height)));
      if (listed) await handle.writeFile(frame(RecoveryList.serialize(recoveries)));
      await handle.writeFile(frame(GenesisBlock.serialize(genesis)));
      for (let at = 1; at <= height; at++) {
        await handle.writeFile(frame(await encodedBlock(stores, at)));
        onProgress(at, height);
      }
    });
    return { blocks: height };
  });
}

/**
 * The recoveries that the chain up to its head can follow. Those of a start that has not yet left the blocks above
 * their block are not among them: these blocks were made without them.
 */
async function recoveriesOf({ meta, recoveries }: ChainStores, head: BlockRef): Promise<Recovery[]> {
  const all = await recoveries.all();
  const snapshot = await meta.headSnapshot();
  const inForce = snapshot ? new Recoveries(all).before(snapshot).all.length : 0;
  const refused = all.findIndex(
    ({ block }, index) =>
      index >= inForce &&
      (head.height > block.height || (head.height === block.height && !equalBytes(head.id, block.id))),
  );
  return refused < 0 ? all : all.slice(0, refused);
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
    const frames = readFrames(file);
    const start = (await frames.next()).value ?? bad(file, "it was not made by ccoin export");
    const total = readUint64(start, magic.length);
    const isRecovered = equalBytes(start.subarray(0, magic.length), recoveredMagic);
    const list = isRecovered ? ((await frames.next()).value ?? bad(file, "it is damaged")) : undefined;
    const named = list ? decode(file, () => RecoveryList.deserialize(list)) : [];
    const first = (await frames.next()).value ?? bad(file, "it has no genesis block");
    const genesis = await checkGenesis(
      decode(file, () => GenesisBlock.deserialize(first)),
      verify,
    ).catch((error) => bad(file, messageOf(error)));
    const existing = await stores.meta.genesis();
    if (!existing) await storeGenesis(stores, genesis);
    else if (!Buffer.from(GenesisBlock.serialize(existing)).equals(first)) {
      throw new UserError(
        `${file} holds another chain (${genesis.idHex}) than ${paths.db}: import it under another --nodeid`,
        "WRONG_CHAIN",
      );
    }
    await requireNothingToLeave(stores, recoveries);
    await acceptRecoveries(stores, genesis, recoveries);
    await requireGiven(stores, named, file);
    const eventLog = await EventLog.open({ database, logger: silentLogger });
    const chain = await Chain.open(offlineChainOptions(genesis, stores, verify), [blockLog(eventLog)]);
    let blocks = 0;
    let height = 0;
    const refused = (at: number, error: unknown): unknown => {
      if (!(error instanceof BlockError)) return error;
      const { code, message } = error;
      if (code === "UNKNOWN_RULES")
        return badFile(file, `block ${at} cannot be checked: ${message}; the blocks before it were imported`);
      return badFile(file, `block ${at} is invalid, ${code}: ${message}`);
    };
    const check = async ({ at, bytes }: Frame): Promise<CheckedBlock> => {
      const block = decode(file, () => EncodedBlock.deserialize(bytes));
      return checkBlock(block, chain.checks).catch((error) => {
        throw refused(at, error);
      });
    };
    const importGroup = async (group: readonly CheckedBlock[]): Promise<void> => {
      for (const { id } of group) if (!(await chain.tree.get(id))) blocks++;
      try {
        await chain.importBlocks(group);
      } catch (error) {
        for (const [place, { id }] of group.entries())
          if (!(await chain.tree.get(id))) throw refused(height + place + 1, error);
        throw error;
      }
      for (let place = 0; place < group.length; place++) onProgress(++height, total);
    };
    const lead = { weigh: ({ bytes }: Frame) => bytes.length, maxWeight: maxCheckedBytes };
    for await (const group of inGroups(inAdvance(numbered(frames), check, lead))) await importGroup(group);
    if (height !== total)
      bad(file, `it ends at block ${height} of ${total}; the blocks up to there were imported`);
    return { blocks };
  });
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

interface Frame {
  /** The height of the block, if the file is correct. */
  at: number;
  bytes: Uint8Array;
}

async function* numbered(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void> {
  let at = 0;
  for await (const bytes of frames) yield { at: ++at, bytes };
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

async function encodedBlock({ blocks }: ChainStores, height: number): Promise<Uint8Array> {
  const id = await blocks.canonicalId(height);
  const record = id && (await blocks.header(id));
  const body = id && (await blocks.bodyBytes(id));
  if (!record || !body)
    throw new CodedError("DAMAGED", `the database is damaged: block ${height} is missing`);
  return EncodedBlock.serialize({ header: record.header, body });
}

/** The first bytes with the height of the last block, then block by block. */
async function* readFrames(file: string): AsyncGenerator<Uint8Array, undefined> {
  const stream = createReadStream(file, { highWaterMark: 2 ** 20 });
  let rest: Uint8Array = new Uint8Array();
  let started = false;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      rest = concatBytes(rest, chunk);
      if (!started) {
        if (rest.length < headerBytes) continue;
        const first = rest.subarray(0, magic.length);
        if (!equalBytes(first, magic) && !equalBytes(first, recoveredMagic))
          bad(file, "it was not made by ccoin export");
        yield rest.subarray(0, headerBytes);
        rest = rest.subarray(headerBytes);
        started = true;
      }
      for (let length = frameLength(file, rest); length !== undefined; length = frameLength(file, rest)) {
        yield rest.subarray(4, 4 + length);
        rest = rest.subarray(4 + length);
      }
    }
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, "CANNOT_READ", { cause: error });
  }
  if (!started) bad(file, "it was not made by ccoin export");
  if (rest.length > 0) bad(file, "it ends in the middle of a block; the blocks before it were imported");
  return undefined;
}

/** The length of the first frame, if it is complete. */
function frameLength(file: string, bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = readUint32(bytes);
  if (length > maxFrameBytes) bad(file, "it is damaged");
  return bytes.length >= 4 + length ? length : undefined;
}

function frame(bytes: Uint8Array): Uint8Array {
  return concatBytes(uint32Bytes(bytes.length), bytes);
}

function decode<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch {
    return bad(file, "it is damaged");
  }
}

function bad(file: string, why: string): never {
  throw badFile(file, why);
}

function badFile(file: string, why: string): UserError {
  return new UserError(`cannot import ${file}: ${why}`, "BAD_CHAIN_FILE");
}
