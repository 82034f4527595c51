import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { ChainConfig, type GenesisBlock } from "../types/genesis.ts";
import { type ChainSnapshot, SignedHeader } from "../types/index.ts";
import { CodedError } from "../util/errors.ts";
import { damaged } from "./damaged.ts";
import type { Database, Write } from "./database.ts";
import { keyOf } from "./key-spaces.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";

/** Incremented when stored values change their form. */
const formatVersion = 8;

const keys = {
  version: metaKey("version"),
  genesis: metaKey("genesis"),
  coinbase: metaKey("coinbase"),
  head: metaKey("head"),
  headSnapshot: metaKey("head-snapshot"),
};

/** The parts of a genesis block that a node needs all the time, without its balances. */
const GenesisHead = new ContainerType(
  { header: SignedHeader, config: ChainConfig },
  { typeName: "GenesisHead" },
);
export type GenesisHead = ValueOf<typeof GenesisHead>;

const everything = { gte: new Uint8Array(), lt: Uint8Array.of(0xff) };

function metaKey(name: string): Uint8Array {
  return keyOf("meta", new TextEncoder().encode(name));
}

/** The single values of the database. */
export class MetaStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws {CodedError} `OPEN_FAILED` if another version of the software wrote the database; `DAMAGED`. */
  async checkVersion(): Promise<void> {
    const bytes = await this.#database.get(keys.version);
    if (!bytes) {
      // The version is written before anything else.
      for await (const _ of this.#database.iterate({ ...everything, limit: 1 }))
        damaged("its version is missing");
      return this.#database.commit([{ key: keys.version, value: Uint8Array.of(formatVersion) }]);
    }
    if (bytes[0] !== formatVersion) {
      throw new CodedError(
        "OPEN_FAILED",
        `the database has format ${bytes[0]}, this ccoin reads ${formatVersion}: use the ccoin that wrote it, or export and import the chain`,
      );
    }
  }

  async genesisHead(): Promise<GenesisHead | undefined> {
    const bytes = await this.#database.get(keys.genesis);
    return bytes && GenesisHead.deserialize(bytes);
  }

  /** The genesis block with its balances, which may take 40 MB. */
  async genesis(): Promise<GenesisBlock | undefined> {
    const head = await this.genesisHead();
    if (!head) return undefined;
    const { header, config } = head;
    const coinbase = (await this.#database.get(keys.coinbase)) ?? damaged("its first balances are missing");
    return { header, payload: { config, coinbase } };
  }

  setGenesis({ header, payload: { config, coinbase } }: GenesisBlock): Write[] {
    return [
      { key: keys.genesis, value: GenesisHead.serialize({ header, config }) },
      { key: keys.coinbase, value: coinbase },
    ];
  }

  /** Id of the canonical head. */
  head(): Promise<Uint8Array | undefined> {
    return this.#database.get(keys.head);
  }

  /** Stores the authority snapshot with the head, so that it is available at once on start. */
  setHead(id: Uint8Array, snapshot: ChainSnapshot): Write[] {
    return [
      { key: keys.head, value: id },
      { key: keys.headSnapshot, value: encodeSnapshot(snapshot) },
    ];
  }

  async headSnapshot(): Promise<ChainSnapshot | undefined> {
    const bytes = await this.#database.get(keys.headSnapshot);
    return bytes && decodeSnapshot(bytes);
  }
}
