import { type Genesis, genesisOf } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import type { Database } from "../storage/database.ts";
import { equalBytes } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";

/**
 * The genesis block in a database, if there is one. It was checked before it was stored. `isNew`: it is the head, too,
 * and `publicKey` has made it.
 * @throws {UserError} `WRONG_CHAIN` if it is not the pinned one; `place` helps to find it.
 */
export async function loadStoredGenesis(options: {
  database: Database;
  pin: string | undefined;
  publicKey: Uint8Array;
  place: string;
}): Promise<{ genesis: Genesis; isNew: boolean } | undefined> {
  const { database, pin, publicKey, place } = options;
  const { meta } = chainStores(database);
  const stored = await meta.genesisHead();
  if (!stored) return undefined;
  const genesis = genesisOf(stored);
  if (pin && pin !== genesis.idHex) {
    throw new UserError(
      `${place} holds the chain ${genesis.idHex}, but --genesis asks for ${pin}: use another --nodeid or --datadir, or leave --genesis out`,
      "WRONG_CHAIN",
    );
  }
  const head = await meta.head();
  const isHead = head !== undefined && equalBytes(head, genesis.id);
  return { genesis, isNew: isHead && equalBytes(stored.header.message.proposer, publicKey) };
}
