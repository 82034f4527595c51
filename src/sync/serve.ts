import {
  blockIds,
  blocks,
  blocksAnswerBytes,
  blocksById,
  blockTransactions,
  genesis,
  headers,
  maxBlocksPerRequest,
  maxHeadersPerPage,
  maxIdsPerPage,
  maxMempoolIds,
  mempoolIds,
  type RequestContext,
  RequestError,
  transactions,
} from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network } from "../network/types.ts";
import type { GenesisBlock } from "../types/genesis.ts";
import {
  type EncodedBlock,
  encodeRecords,
  isSafeCount,
  joinTransactions,
  recordsBytes,
  type SignedHeader,
  splitTransactions,
  type Transaction,
} from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";

/** The cost of each record that is looked up: LevelDB reads, checks and copies more than the record. */
export const recordBytes = 2048;
/** The cost of each sender in the mempool when the best paid transactions are looked for: about a microsecond. */
export const senderBytes = 512;

/** Charges a handler's reads to the requester. */
type Reader = Pick<RequestContext<never>, "read">;

/** Answers the genesis protocol. `load` reads the whole block of `own`. */
export function serveGenesis(
  network: Network,
  own: () => { id: Uint8Array } | undefined,
  load: () => Promise<GenesisBlock | undefined>,
): void {
  let bytes = recordBytes;
  network.serve(genesis, async function* ({ id }, { read }) {
    const ours = own();
    const wanted = id.some((byte) => byte !== 0);
    if (!ours || (wanted && !equalBytes(id, ours.id)))
      throw new RequestError("resourceUnavailable", "no such genesis");
    await read(bytes);
    const block = await load();
    if (!block) throw new RequestError("resourceUnavailable", "no such genesis");
    // The block never changes, so from the second time on its size is known before it is read.
    bytes = genesis.response.value_serializedSize(block);
    yield block;
  });
}

type ServedChain = Pick<Chain, "find" | "reader" | "sealed" | "tree">;
type ServedMempool = Pick<Mempool, "get" | "executableEntries" | "senders">;

/** Answers every protocol that reads blocks or the mempool. */
export function serveChain(network: Network, chain: ServedChain, mempool: ServedMempool): void {
  network.serve(blockIds, async function* (request, { read }) {
    const count = checkCount(request.count, maxIdsPerPage);
    await read(recordBytes);
    const refs = await chain.reader.refsDown(checkHeight(request.height), count);
    yield { height: refs[0]?.height ?? 0, ids: refs.map(({ id }) => id) };
  });

  network.serve(headers, async function* (request, { read }) {
    const count = checkCount(request.count, maxHeadersPerPage);
    const ids = await chain.reader.idsUp(checkHeight(request.start), count);
    await read(ids.length * recordBytes);
    const page: SignedHeader[] = [];
    for (const id of ids) page.push((await chain.tree.require(id)).header);
    yield page;
  });

  network.serve(blocks, async function* (request, reader) {
    const count = checkCount(request.count, maxBlocksPerRequest);
    const start = checkHeight(request.start);
    if (start === 0) refuse("the genesis block has a protocol of its own");
    yield* readBlocks(chain, await chain.reader.idsUp(start, count), reader);
  });

  network.serve(blocksById, async function* ({ ids }, reader) {
    yield* readBlocks(chain, ids, reader);
  });

  network.serve(blockTransactions, async function* ({ block, indexes }, reader) {
    // This check comes before anything is read.
    if (new Set(indexes).size < indexes.length) refuse("a transaction is asked for twice");
    const { sealed } = chain;
    if (sealed?.idHex === toHex(block)) {
      // The block waits for the disk here, and meanwhile others wait for its transactions.
      const { records } = sealed;
      const wanted = indexes.map((index) => records[index] ?? lacks(records.length, index));
      await reader.read(recordsBytes(wanted));
      yield encodeRecords(wanted);
      return;
    }
    const found = await readBlock(chain, block, reader);
    if (!found) throw new RequestError("resourceUnavailable", "no such block");
    const encoded = splitTransactions(found.body);
    yield joinTransactions(indexes.map((index) => encoded[index] ?? lacks(encoded.length, index)));
  });

  network.serve(transactions, async function* ({ ids }) {
    const found: Transaction[] = [];
    for (const id of ids) {
      const entry = mempool.get(toHex(id));
      if (entry) found.push(entry.record.transaction);
    }
    yield found;
  });

  network.serve(mempoolIds, async function* (request, { read }) {
    const limit = checkCount(request.limit, maxMempoolIds);
    await read(mempool.senders * senderBytes);
    const ids: Uint8Array[] = [];
    for (const entry of await mempool.executableEntries()) {
      if (ids.length === limit) break;
      ids.push(entry.id);
    }
    yield ids;
  });
}

/** Reads each block once. Ends early once the answer holds as much as the protocol allows. */
async function* readBlocks(
  chain: ServedChain,
  ids: readonly Uint8Array[],
  reader: Reader,
): AsyncIterable<EncodedBlock> {
  let bytes = 0;
  const different = new Map(ids.map((id) => [toHex(id), id]));
  for (const id of different.values()) {
    if (bytes >= blocksAnswerBytes) return;
    const block = await readBlock(chain, id, reader);
    if (!block) continue;
    yield block;
    bytes += block.body.length;
  }
}

/** Undefined for a block that is not here, and for the genesis block. */
async function readBlock(
  chain: ServedChain,
  id: Uint8Array,
  { read }: Reader,
): Promise<EncodedBlock | undefined> {
  const block = await chain.find(id);
  if (!block || block.height === 0) return undefined;
  await read(recordBytes + block.bodyBytes);
  const body = await chain.reader.body(id);
  return body && { header: block.header, body };
}

function checkCount(count: number, most: number): number {
  if (count >= 1 && count <= most) return count;
  return refuse(`count is 1 to ${most}`);
}

function checkHeight(height: number): number {
  if (isSafeCount(height)) return height;
  return refuse("a height is at most 2^53 - 1");
}

/** The requester derived the index from short ids that it cannot check, so it is not at fault. */
function lacks(length: number, index: number): never {
  throw new RequestError("resourceUnavailable", `the block has ${length} transactions, not ${index + 1}`);
}

function refuse(why: string): never {
  throw new RequestError("invalidRequest", why);
}
