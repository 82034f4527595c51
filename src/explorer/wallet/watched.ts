import { type Address, isAddress } from "../../client/index.ts";
import { kept, Store } from "../store.ts";

const storageKey = "ccoin.watched";
/** The accounts that this browser watches without their keys, in the order in which they were added. */
export const watched = new Store<readonly Address[]>(stored());

function stored(): Address[] {
  const read = kept<unknown>(storageKey, []);
  return Array.isArray(read) ? read.filter((each) => typeof each === "string" && isAddress(each)) : [];
}

export function watch(address: Address): void {
  store([...watched.value.filter((each) => each !== address), address]);
}

export function unwatch(address: Address): void {
  store(watched.value.filter((each) => each !== address));
}

/** Without storage the accounts are watched until the tab closes. */
function store(all: readonly Address[]): void {
  watched.set(all);
  try {
    localStorage.setItem(storageKey, JSON.stringify(all));
  } catch {
    // Already shown.
  }
}
