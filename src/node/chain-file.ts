import { createReadStream } from "node:fs";
import type { NodePaths } from "../config/index.ts";
import { GenesisBlock } from "../types/genesis.ts";
import { type Recovery, RecoveryList } from "../types/index.ts";
import { concatBytes, equalBytes, readUint32, readUint64, uint32Bytes, uint64Bytes } from "../util/bytes.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";

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

export interface ChainFileOptions {
  paths: NodePaths;
  file: string;
  onProgress(done: number, total: number): void;
}

/** The start of a chain file. */
export interface ChainFileStart {
  /** The height of the last block. */
  height: number;
  /** The recoveries that the chain has gone through. Only people decide that, so the reader compares them. */
  recoveries: Recovery[];
  genesis: GenesisBlock;
}

export interface ChainFile extends ChainFileStart {
  blocks: AsyncIterable<ChainFileBlock>;
}

export interface ChainFileBlock {
  /** The height of the block, if the file is correct. */
  at: number;
  /** An `EncodedBlock`. */
  bytes: Uint8Array;
}

/** The first parts of a file; then comes each block `withLength`. */
export function startOfFile({ height, recoveries, genesis }: ChainFileStart): Uint8Array[] {
  const listed = recoveries.length > 0;
  return [
    concatBytes(listed ? recoveredMagic : magic, uint64Bytes(height)),
    ...(listed ? [withLength(RecoveryList.serialize(recoveries))] : []),
    withLength(GenesisBlock.serialize(genesis)),
  ];
}

export function withLength(bytes: Uint8Array): Uint8Array {
  return concatBytes(uint32Bytes(bytes.length), bytes);
}

/** Reads the start of a file; blocks are read when used. @throws {UserError} `BAD_CHAIN_FILE`, `CANNOT_READ` */
export async function readChainFile(file: string): Promise<ChainFile> {
  const frames = readFrames(file);
  const next = async (missing: string) => (await frames.next()).value ?? bad(file, missing);
  const start = await next("it was not made by ccoin export");
  const isRecovered = equalBytes(start.subarray(0, magic.length), recoveredMagic);
  const list = isRecovered ? await next("it is damaged") : undefined;
  const first = await next("it has no genesis block");
  return {
    height: readUint64(start, magic.length),
    recoveries: list ? decode(file, () => RecoveryList.deserialize(list)) : [],
    genesis: decode(file, () => GenesisBlock.deserialize(first)),
    blocks: numbered(frames),
  };
}

/** @throws {UserError} `BAD_CHAIN_FILE` if `read` throws anything. */
export function decode<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch {
    return bad(file, "it is damaged");
  }
}

export function bad(file: string, why: string): never {
  throw badFile(file, why);
}

export function badFile(file: string, why: string): UserError {
  return new UserError(`cannot import ${file}: ${why}`, "BAD_CHAIN_FILE");
}

async function* numbered(frames: AsyncIterable<Uint8Array>): AsyncGenerator<ChainFileBlock, void> {
  let at = 0;
  for await (const bytes of frames) yield { at: ++at, bytes };
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
