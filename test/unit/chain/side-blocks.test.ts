import { expect, test } from "vitest";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import { SideBlocks } from "../../../src/chain/side-blocks.ts";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, testChain } from "../support/chain.ts";

test("lists blocks that lost or were retracted, until they are canonical again", async () => {
  const node = await testChain();
  const side = new SideBlocks(node.chain);
  const known = () =>
    side.list().map(({ height, id, retracted }) => `${height} ${toHex(id)}${retracted ? " retracted" : ""}`);
  const start = node.maker.start();
  const [late, inTurn, lost] = await Promise.all(
    start.snapshot.authorities.map((turn) =>
      node.maker.block(start, { by: authorities.find(({ publicKey }) => toHex(publicKey) === toHex(turn))! }),
    ),
  );
  await node.add(late!.blocks[0]!);
  expect(known()).toEqual([]);
  await node.add(inTurn!.blocks[0]!);
  expect(known()).toEqual([`1 ${late!.idHex} retracted`]);
  await node.add(lost!.blocks[0]!);
  expect(known()).toEqual([`1 ${late!.idHex} retracted`, `1 ${lost!.idHex}`]);

  const upon = await node.maker.block(late!);
  await node.add(upon.blocks[1]!);
  expect(node.chain.head.idHex).toBe(upon.idHex);
  expect(known()).toEqual([`1 ${lost!.idHex}`, `1 ${inTurn!.idHex} retracted`]);
});

test("does not list the blocks of a batch as side blocks", async () => {
  const node = await testChain();
  const side = new SideBlocks(node.chain);
  const { blocks } = await node.maker.extend(node.maker.start(), 3);
  await node.chain.importBlocks(await Promise.all(blocks.map((block) => node.check(block))));
  expect(node.chain.head.height).toBe(3);
  expect(side.list()).toEqual([]);
});

test("lists the 100 newest, highest first", () => {
  const events = new Emitter<ChainEvents>(silentLogger);
  const side = new SideBlocks({ events });
  const heights = [...Array(102).keys()].map((at) => (at * 37) % 102);
  for (const height of heights) {
    const id = new Uint8Array(32).fill(height);
    events.emit("imported", { height, id, idHex: toHex(id) } as WeightedHeader);
  }
  const newest = heights.slice(2).sort((a, b) => b - a);
  expect(side.list().map(({ height }) => height)).toEqual(newest);
});
