import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { blockIds, maxIdsPerPage } from "../../../protocols/index.ts";
import { BlockStore } from "../../../src/storage/blocks.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { findCommonAncestor, type IdsDown } from "../../../src/sync/common-ancestor.ts";
import { type Context, defineFigure } from "../figure.ts";
import { median } from "../lib/statistics.ts";
import { ownCpuSeconds } from "../lib/usage.ts";

/** `depth` is the number of blocks on each branch above the last shared one. */
type AncestorSettings = { depth: number; shared: number };

const rounds = 20;
const batch = 10_000;

/** Writes only the index of a canonical chain from genesis on to a database. */
async function canonicalChain(
  { world }: Context,
  name: string,
  ids: readonly Uint8Array[],
): Promise<BlockStore> {
  const database = await LevelDatabase.open(join(world.dataDir, name));
  world.onEnd(() => database.close());
  const store = new BlockStore(database);
  for (let start = 0; start < ids.length; start += batch) {
    const part = ids.slice(start, start + batch);
    await database.commit(
      part.map((id, index) => store.setCanonical({ height: start + index, id, timestamp: 0 })),
    );
  }
  return store;
}

const randomIds = (count: number) => Array.from({ length: count }, () => new Uint8Array(randomBytes(32)));

export const commonAncestorFigure = defineFigure<AncestorSettings>({
  name: "common-ancestor",
  measures:
    "the search for the last block that two chains share, over their stored indexes, without the network",
  quick: [100, 10_000].map((depth) => ({ depth, shared: 10_000 })),
  full: [100, 1_000, 10_000, 100_000].map((depth) => ({ depth, shared: 100_000 })),
  async run(context, { depth, shared }) {
    const common = randomIds(shared);
    const [ours, theirs] = await Promise.all(
      ["ours", "theirs"].map((name) => canonicalChain(context, name, [...common, ...randomIds(depth)])),
    );
    let pages = 0;
    const local: IdsDown = async (height, count) =>
      (await ours!.canonicalDown(height, count)).map(({ id }) => id);
    const remote: IdsDown = async (height, count) => {
      pages++;
      const refs = await theirs!.canonicalDown(height, count);
      const page = { height, ids: refs.map(({ id }) => id) };
      return blockIds.response.deserialize(blockIds.response.serialize(page)).ids;
    };
    const top = shared + depth - 1;
    const floor = { height: 0, id: common[0]! };
    const times: number[] = [];
    const own = process.cpuUsage();
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const ancestor = await findCommonAncestor({ local, remote, top, floor });
      times.push(performance.now() - startedAt);
      if (ancestor.height !== shared - 1) throw new Error(`found ${ancestor.height}, not ${shared - 1}`);
    }
    const cpuSeconds = ownCpuSeconds(own);
    const pageTimes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      await Promise.all([local(top, maxIdsPerPage), remote(top, maxIdsPerPage)]);
      pageTimes.push(performance.now() - startedAt);
    }
    return {
      value: median(times),
      unit: "ms",
      limit: { what: "ms for one page of 100 ids", value: median(pageTimes) },
      cpuSeconds,
      details: {
        pages: (pages - rounds) / rounds,
        paperPages: 1 + Math.max(0, 2 * Math.log2(depth / maxIdsPerPage)),
      },
    };
  },
});
