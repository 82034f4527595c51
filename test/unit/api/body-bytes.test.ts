import { expect, test } from "vitest";
import { BodyBytes } from "../../../src/api/body-bytes.ts";

test.each([[[]], [["a body"]], [["a ", "bo", "dy"]]])("puts pieces together: %j", (pieces) => {
  const body = new BodyBytes(100);
  for (const piece of pieces) body.add(Buffer.from(piece));
  expect(body.all.toString()).toBe(pieces.join(""));
  expect(body.length).toBe(pieces.join("").length);
  body.free();
});

test("takes as much as the pieces, and returns it without a collection", () => {
  const before = process.memoryUsage.rss();
  const body = new BodyBytes(64 * 2 ** 20);
  const piece = Buffer.alloc(2 ** 20, 1);
  for (let count = 0; count < 48; count++) body.add(piece);
  expect(body.length).toBe(48 * 2 ** 20);
  const grown = process.memoryUsage.rss() - before;
  expect(grown).toBeGreaterThan(40 * 2 ** 20);
  expect(grown).toBeLessThan(64 * 2 ** 20);
  const { all } = body;
  body.free();
  expect(process.memoryUsage.rss() - before).toBeLessThan(16 * 2 ** 20);
  expect(all).toHaveLength(0);
});
