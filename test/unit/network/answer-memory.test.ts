import { expect, test } from "vitest";
import { blocks, blocksById, genesis } from "../../../protocols/index.ts";
import { AnswerMemory, answerBytes } from "../../../src/network/answer-memory.ts";

test("the largest answer of the address with most gives way, and an honest one does not", () => {
  const memory = new AnswerMemory(1_000);
  const dropped: string[] = [];
  const begin = (host: string, name: string) => memory.begin(host, () => dropped.push(name));
  const crowd = ["w", "x", "y", "z"].flatMap((host) =>
    Array.from({ length: 8 }, (_, at) => begin(host, `${host}${at}`)),
  );
  const honest = begin("honest", "honest");
  for (let round = 0; round < 20; round++) for (const answer of crowd) answer.grow(5);
  honest.grow(150);
  expect(memory.total).toBeLessThanOrEqual(1_000);
  expect(dropped.length).toBeGreaterThan(20);
  expect(dropped).not.toContain("honest");
  const before = memory.total;
  honest.shrink(150);
  expect(memory.total).toBe(before - 150);
});

test("what is taken, or has ended, holds nothing", () => {
  const memory = new AnswerMemory(1_000);
  const one = memory.begin("a", () => expect.fail("it fits"));
  one.grow(900);
  one.shrink(1_200);
  const other = memory.begin("b", () => expect.fail("it fits"));
  other.grow(1_000);
  expect(memory.total).toBe(1_000);
  other.end();
  other.grow(5_000);
  one.grow(1_000);
  one.end();
  one.end();
  expect(memory.total).toBe(0);
});

test("a full block from an honest peer and from each of four hostile addresses fit", () => {
  expect(5 * blocksById.maxResponseBytes).toBeLessThan(answerBytes);
  expect(blocks.maxTotalBytes).toBeLessThan(answerBytes / 3);
  expect(2 * genesis.maxResponseBytes).toBeLessThan(answerBytes);
});
