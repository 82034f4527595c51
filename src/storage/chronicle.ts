import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count, Uint32 } from "../types/index.ts";
import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database } from "./database.ts";
import { deletions } from "./entries.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** Authorities with missed turns that are kept of an hour, those with the most. */
export const keptMissed = 128;
/** Hours that are kept: a year of some 100 bytes each. */
export const keptHours = 8_784;
/** Hours that one commit deletes; one is added with it. */
const prunedAtOnce = 16;

const Missed = new ContainerType({ authority: Bytes32, turns: Uint32 }, { typeName: "Missed" });

/** Figures of the canonical blocks whose timestamps are in one hour. */
const HourFigures = new ContainerType(
  {
    /** The lowest of them. */
    fromHeight: Count,
    blocks: Count,
    transactions: Count,
    /** The timestamps of the block before them and of the last one. */
    sinceMs: Count,
    untilMs: Count,
    /** The longest time between one of them and its parent, in ms. */
    longestMs: Count,
    /** Accounts and authorities when the last of them was imported. */
    accounts: Uint32,
    authorities: Uint32,
    /** The blocks that became final here in this hour, and the sum of the times since their timestamps in ms. */
    finalized: Uint32,
    finalityMs: Count,
    missed: new ListCompositeType(Missed, keptMissed),
  },
  { typeName: "HourFigures" },
);
export type HourFigures = ValueOf<typeof HourFigures>;

/** A change of the authorities or of a parameter. */
export interface EnactedChange {
  /** The block with the vote that decided. */
  height: number;
  /** The authorities that voted for it, the deciding one last. */
  voters: Uint8Array[];
}

/** Remembers hourly figures of the canonical chain, and the places of changes. */
export class ChronicleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes the figures of an hour, counted from the Unix epoch, and deletes some that are a year older. */
  async putHour(hour: number, figures: HourFigures): Promise<void> {
    const lt = hourKey(Math.max(0, hour + 1 - keptHours));
    const old: Uint8Array[] = [];
    for await (const [key] of this.#database.iterate({ ...keyRange("hour"), lt, limit: prunedAtOnce }))
      old.push(key);
    const write = { key: hourKey(hour), value: HourFigures.serialize(figures) };
    await this.#database.commit([write, ...deletions(old)]);
  }

  /** The hours before `hour`, newest first. */
  async hoursBefore(hour: number, limit: number): Promise<{ hour: number; figures: HourFigures }[]> {
    const found: { hour: number; figures: HourFigures }[] = [];
    const range = { gte: keyRange("hour").gte, lt: hourKey(hour), reverse: true, limit };
    for await (const [key, value] of this.#database.iterate(range))
      found.push({ hour: readUint64(key, 1), figures: HourFigures.deserialize(value) });
    return found;
  }

  putChange({ height, voters }: EnactedChange): Promise<void> {
    return this.#database.commit([{ key: changeKey(height), value: concatBytes(...voters) }]);
  }

  clearChange(height: number): Promise<void> {
    return this.#database.commit([{ key: changeKey(height), value: undefined }]);
  }

  /** The changes by blocks below a height, newest first. */
  async changesBelow(height: number, limit: number): Promise<EnactedChange[]> {
    const found: EnactedChange[] = [];
    const range = { gte: keyRange("change").gte, lt: changeKey(height), reverse: true, limit };
    for await (const [key, value] of this.#database.iterate(range))
      found.push({
        height: readUint64(key, 1),
        voters: Array.from({ length: value.length / 32 }, (_, at) => value.slice(32 * at, 32 * (at + 1))),
      });
    return found;
  }
}

function hourKey(hour: number): Uint8Array {
  return keyOf("hour", uint64Bytes(hour));
}

function changeKey(height: number): Uint8Array {
  return keyOf("change", uint64Bytes(height));
}
