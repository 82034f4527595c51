import { ContainerType, ListCompositeType, type Type } from "@chainsafe/ssz";
import { expect, test } from "vitest";
import * as protocols from "../../../protocols/index.ts";
import * as genesisTypes from "../../../src/types/genesis.ts";
import * as types from "../../../src/types/index.ts";
import { decodeRecords } from "../../../src/types/index.ts";

type AnyContainer = ContainerType<Record<string, Type<unknown>>>;
const isContainer = (type: unknown): type is AnyContainer => type instanceof ContainerType;

/** Yields for each count of the type a value in which it is `count`; lists have one element. */
function* withCount(type: unknown, count: number): Generator<{ path: string; value: unknown }> {
  if (type === types.Count) yield { path: "", value: count };
  if (type instanceof ListCompositeType)
    for (const { path, value } of withCount(type.elementType, count))
      yield { path: `[]${path}`, value: [value] };
  if (!isContainer(type)) return;
  for (const [name, field] of Object.entries(type.fields))
    for (const { path, value } of withCount(field, count))
      yield { path: `.${name}${path}`, value: { ...(type.defaultValue() as object), [name]: value } };
}

const exported: [string, unknown][] = Object.entries({ ...types, ...genesisTypes, ...protocols });
const cases = exported
  .filter((entry): entry is [string, AnyContainer] => isContainer(entry[1]))
  .flatMap(([name, type]) =>
    [...withCount(type, 2 ** 53)].map(({ path }, at) => ({ name: name + path, type, at })),
  );

test("every kind of message that holds a count is there", () => {
  const names = cases.map(({ name }) => name);
  for (const name of [
    "ChainStatus.justifiedRound",
    "ChainStatus.timeMs",
    "HeightRequest.timeMs",
    "BlockIdsPage.height",
    "FinalityRequest.justifiedRound",
    "Certificate.link.source.round",
    "Evidence.votes[].second.message.target.height",
    "GenesisBlock.payload.config.parameters.periodMs",
    "Transfer.validUntil",
  ])
    expect(names).toContain(name);
});

test.each(cases)("a message with $name above 2^53 - 1 does not decode", ({ type, at }) => {
  const bytesWith = (count: number) => type.serialize([...withCount(type, count)][at]!.value as never);
  expect(() => type.deserialize(bytesWith(2 ** 53))).toThrow("a count is at most 2^53 - 1");
  expect(() => type.deserialize(bytesWith(2 ** 53 - 1))).not.toThrow();
});

// The batch decodes, so that only the bad transaction is refused (`MALFORMED`) and not the whole batch.
test.each(["nonce", "validUntil"] as const)(
  "the fast decoder of transactions marks a %s above 2^53 - 1",
  (field) => {
    const { message, signature } = types.Transaction.defaultValue();
    const list = types.Transactions.serialize([{ message: { ...message, [field]: 2 ** 53 }, signature }]);
    const [record] = decodeRecords(list, new Uint8Array(32));
    expect(types.isSafeCount(record!.transaction.message[field])).toBe(false);
  },
);
