import { Recoveries } from "../chain/recoveries.ts";
import { type ChainStores, chainStores } from "../chain/stores.ts";
import { commandLine } from "../config/index.ts";
import { damaged } from "../storage/damaged.ts";
import { type BlockRef, EncodedBlock, type Recovery } from "../types/index.ts";
import { writeWholeFile } from "../util/atomic-file.ts";
import { equalBytes } from "../util/bytes.ts";
import { type ChainFileOptions, startOfFile, withLength } from "./chain-file.ts";
import { noChain, withExistingDatabase } from "./open.ts";

const noChainHint = `start the node in a network that has one, or make one with "${commandLine("init")}"`;

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
      for (const part of startOfFile({ height, recoveries, genesis })) await handle.writeFile(part);
      for (let at = 1; at <= height; at++) {
        await handle.writeFile(withLength(await encodedBlock(stores, at)));
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

async function encodedBlock({ blocks }: ChainStores, height: number): Promise<Uint8Array> {
  const id = await blocks.canonicalId(height);
  const record = id && (await blocks.header(id));
  const body = id && (await blocks.bodyBytes(id));
  if (!record || !body) damaged(`block ${height} is missing`);
  return EncodedBlock.serialize({ header: record.header, body });
}
