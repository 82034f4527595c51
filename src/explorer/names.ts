import type { Address } from "../client/index.ts";
import { short } from "./format.ts";
import { live } from "./live.ts";
import { type Store, useSelected } from "./store.ts";
import { contacts } from "./wallet/contacts.ts";
import { wallet } from "./wallet/wallet.ts";

interface Named {
  address: Address;
  name: string;
}

/** The names of the user's keys, of contacts, and of genesis. If an address has several, the first one counts. */
function allNames(): (readonly Named[])[] {
  return [wallet.value.accounts, contacts.value, live.value.genesis?.names ?? []];
}

/** All addresses that have a name, once each. */
export function namedAddresses(): Named[] {
  const byAddress = new Map<Address, Named>();
  for (const named of allNames().flat())
    if (!byAddress.has(named.address)) byAddress.set(named.address, named);
  return [...byAddress.values()];
}

/** Returns the name of an address, or the address shortened. */
export function shownAddress(address: Address): string {
  return nameOf(address) ?? short(address, 9, 5);
}

/** The name that an address is shown by. */
export function nameOf(address: Address): string | undefined {
  for (const names of allNames()) {
    const named = names.find((each) => each.address === address);
    if (named) return named.name;
  }
  return undefined;
}

/** Follows the name of an address. */
export function useName(address: Address): string | undefined {
  const name = () => nameOf(address);
  for (const store of [wallet, contacts, live] as Store<unknown>[]) useSelected(store, name);
  return name();
}
