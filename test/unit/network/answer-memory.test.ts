import { expect, test } from "vitest";
import { blocks, blocksById, genesis } from "../../../protocols/index.ts";
import { AnswerMemory, answerBytes } from "../../../src/network/answer-memory.ts";

test("the largest answer of the address with most gives way, and an honest one does not", () => {
  const memory = new AnswerMemory(1_000);
  /** The bytes of the answers that were not dropped. */
  const held = new Map<string, number>();
  const total = () => [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
  const begin = (host: string, name: string) => {
    const answer = memory.begin(host, () => held.delete(name));
    held.set(name, 0);
    const grow = (bytes: number) => {
      if (held.has(name)) held.set(name, held.get(name)! + bytes);
      answer.grow(bytes);
    };
    return { grow, shrink: answer.shrink };
  };
  const crowd = ["w", "x", "y", "z"].flatMap((host) =>
    Array.from({ length: 8 }, (_, at) => begin(host, `${host}${at}`)),
  );
  const honest = begin("honest", "honest");
  for (let round = 0; round < 20; round++) for (const answer of crowd) answer.grow(5);
  honest.grow(150);
  expect(total()).toBeLessThanOrEqual(1_000);
  expect(held.size).toBeLessThan(13);
  expect(held.has("honest")).toBe(true);
  const before = held.size;
  honest.shrink(150);
  begin("another", "another").grow(1_000 - total() + 150);
  expect(held.size).toBe(before + 1);
});

test("an answer that was taken or has ended holds no memory", () => {
  const memory = new AnswerMemory(1_000);
  const dropped: string[] = [];
  const begin = (host: string) => memory.begin(host, () => dropped.push(host));
  const one = begin("a");
  one.grow(900);
  one.shrink(1_200);
  const other = begin("b");
  other.grow(1_000);
  expect(dropped).toEqual([]);
  begin("c").grow(1);
  expect(dropped).toEqual(["b"]);
  other.grow(5_000);
  one.grow(999);
  one.end();
  one.end();
  begin("d").grow(999);
  expect(dropped).toEqual(["b"]);
});

test("a full block from an honest peer and from each of four hostile addresses fit", () => {
  expect(5 * blocksById.maxResponseBytes).toBeLessThan(answerBytes);
  expect(blocks.maxTotalBytes).toBeLessThan(answerBytes / 3);
  expect(2 * genesis.maxResponseBytes).toBeLessThan(answerBytes);
});
