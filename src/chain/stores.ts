import { AccountStore } from "../storage/accounts.ts";
import { BlockStore } from "../storage/blocks.ts";
import type { Database } from "../storage/database.ts";
import { FinalityStore } from "../storage/finality.ts";
import { HistoryStore } from "../storage/histories.ts";
import { Indexer } from "../storage/indexer.ts";
import { MetaStore } from "../storage/meta.ts";
import { PlaceStore } from "../storage/places.ts";
import { RecoveryStore } from "../storage/recoveries.ts";

/** The repositories that a chain writes to, over one database. */
export interface ChainStores {
  database: Database;
  meta: MetaStore;
  blocks: BlockStore;
  accounts: AccountStore;
  /** Writes what `places` and `histories` read. */
  indexer: Indexer;
  places: PlaceStore;
  histories: HistoryStore;
  finality: FinalityStore;
  recoveries: RecoveryStore;
}

export function chainStores(database: Database, indexer = new Indexer(database)): ChainStores {
  return {
    database,
    meta: new MetaStore(database),
    blocks: new BlockStore(database),
    accounts: new AccountStore(database),
    indexer,
    places: new PlaceStore(indexer),
    histories: new HistoryStore(indexer),
    finality: new FinalityStore(database),
    recoveries: new RecoveryStore(database),
  };
}
