import { expect, it } from "vitest";
import { countTurns, noTurns } from "../../../src/api/turns.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { applyHeader, genesisSnapshot, isInTurn } from "../../../src/consensus/index.ts";
import { type ChainSnapshot, noVote } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";
import { signer } from "./fixture.ts";

const authorities = [1, 2, 3].map((number) => signer(number).publicKey).sort(Buffer.compare);
const vote = noVote;

/** Counts the turns of a chain whose blocks these authorities (by place) made, from height 1 on. */
function chainOf(makers: readonly number[]) {
  const snapshots: ChainSnapshot[] = [genesisSnapshot(testChainConfig({ authorities }))];
  const heads = makers.map((maker, place) => {
    const [height, proposer] = [place + 1, authorities[maker]!];
    const difficulty = isInTurn(snapshots[place]!, height, proposer) ? 2 : 1;
    const message = {
      height,
      proposer,
      difficulty,
      parent: Uint8Array.of(place),
      timestamp: 1000 * height,
      vote,
    };
    snapshots.push(applyHeader(snapshots[place]!, message, { epochLength: 100, slotMs: 1000 }));
    return { height, header: { message } };
  });
  const place = ([id]: Uint8Array) => id!;
  return {
    head: heads.at(-1) ?? { height: 0 },
    reader: {
      idsDown: async (height: number, count: number) =>
        Array.from({ length: count }, (_, index) => Uint8Array.of(height - index)),
    },
    tree: {
      get: async (id: Uint8Array) => heads[place(id) - 1],
      findSnapshotAfter: async (id: Uint8Array) => snapshots[place(id)]!,
    },
  } as unknown as Chain;
}

async function turnsOf(makers: readonly number[]) {
  const { fromHeight, byAuthority } = await countTurns(chainOf(makers));
  const turns = authorities.map((authority) => {
    const { made, missed, lastBlock } = byAuthority.get(toHex(authority)) ?? noTurns;
    return [[...made], [...missed], lastBlock?.height];
  });
  return { fromHeight, turns };
}

it("counts the turns of each authority, and those in which another made the block", async () => {
  // The turns are 1, 2, 0, 1, 2, 0.
  expect(await turnsOf([1, 2, 0, 1, 2, 0])).toEqual({
    fromHeight: 1,
    turns: [
      [[6, 3], [], 6],
      [[4, 1], [], 4],
      [[5, 2], [], 5],
    ],
  });
});

it("counts a turn that the recent-signer rule takes away for the next authority that may sign", async () => {
  // Height 2 is the turn of 2, which misses it. At height 3 authority 0 may not sign again and 1 does. At height 4
  // authority 1 may not, and 2 misses that block too.
  expect((await turnsOf([1, 0, 1, 0])).turns).toEqual([
    [[], [], 4],
    [[3, 1], [], 3],
    [[], [4, 2], undefined],
  ]);
});

it("counts nothing at the genesis block", async () => {
  expect(await turnsOf([])).toEqual({
    fromHeight: 1,
    turns: [[], [], []].map(() => [[], [], undefined]),
  });
});
