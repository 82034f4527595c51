import type { Hex, Status } from "../client/index.ts";
import { client } from "./live.ts";
import { keepIfPossible, kept, Store } from "./store.ts";

/** A chain that this browser has seen at this address of the node. */
interface SeenChain {
  id: Hex;
  name: string;
}

const storageKey = `ccoin.chain ${client.url}`;

/** The chain that was here before the present one, until the user confirms the change. */
export const formerChain = new Store<SeenChain | undefined>(undefined);

let compared: Hex | undefined;

/** Compares the node's chain with the one that this browser has seen here first. */
export function noticeChain({ genesisId, name }: Status): void {
  if (genesisId === null || genesisId === compared) return;
  compared = genesisId;
  const seen = kept<SeenChain | undefined>(storageKey, undefined);
  if (!seen) remember({ id: genesisId, name: name ?? "" });
  else if (seen.id !== genesisId) formerChain.set(seen);
}

/** From now on the node's chain is the known one. */
export function acceptChain({ genesisId, name }: Status): void {
  if (genesisId !== null) remember({ id: genesisId, name: name ?? "" });
  formerChain.set(undefined);
}

function remember(chain: SeenChain): void {
  keepIfPossible(storageKey, JSON.stringify(chain));
}
