import { expect, test } from "vitest";
import { emptyRecord } from "../../../src/accounts/index.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import { CrashableDatabase } from "../storage/crashable-database.ts";
import { toArray } from "../support/database.ts";
import { rootOf } from "./signing.ts";

test("pruning deletes the older entries of one account, and neither its record nor the folder's identity", async () => {
  const store = new ProtectionStore(new CrashableDatabase());
  const record = { ...emptyRecord(0), slot: 7, slotRoot: rootOf(7), votedRound: 3 };
  const headers = [5, 6, 7].map((slot) => ({ slot, root: rootOf(slot) }));
  const votes = [1, 2, 3].map((targetRound) => ({ sourceRound: 0, targetRound, root: rootOf(targetRound) }));
  const [pruned, other] = [rootOf(0), rootOf(0xff)];
  const identity = { folder: "a", machine: "b", tokens: ["c"] };
  await store.saveIdentity(identity);
  for (const account of [pruned, other]) await store.save(account, record, { headers, votes });
  await store.prune(pruned, { slot: 6, targetRound: 3 });
  expect(await toArray(store.headers(pruned))).toEqual(headers.slice(1));
  expect(await toArray(store.votes(pruned))).toEqual(votes.slice(2));
  expect(await toArray(store.headers(other))).toEqual(headers);
  expect(await toArray(store.votes(other))).toEqual(votes);
  for (const account of [pruned, other]) expect(await store.load(account)).toEqual(record);
  expect(await store.identity()).toEqual(identity);
});
