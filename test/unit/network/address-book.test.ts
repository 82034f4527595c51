import { expect, test } from "vitest";
import { AddressBookStore } from "../../../src/network/known-peers.ts";
import { MemoryDatabase } from "../support/database.ts";

test("the address book keeps one entry a peer", async () => {
  const book = new AddressBookStore(new MemoryDatabase());
  const entry = (id: string, address: string) => ({ id, addresses: [address], lastSeenMs: 1, dialled: true });
  await book.save(entry("a", "1"));
  await book.save(entry("b", "2"));
  await book.save(entry("a", "3"));
  await book.remove("b");
  await book.remove("unknown");
  expect(await book.load()).toEqual([entry("a", "3")]);
});
