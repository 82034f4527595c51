import { expect, test } from "vitest";
import { FinalityVote, Header, rootOf } from "../../../src/types/index.ts";

test("a root retains no memory but its own", () => {
  for (const root of [
    rootOf(Header, Header.defaultValue()),
    rootOf(FinalityVote, FinalityVote.defaultValue()),
  ])
    expect([root.constructor, root.length, root.buffer.byteLength]).toEqual([Uint8Array, 32, 32]);
  expect(rootOf(Header, Header.defaultValue())).toEqual(
    new Uint8Array(Header.hashTreeRoot(Header.defaultValue())),
  );
});
