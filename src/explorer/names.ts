import type { Address } from "../client/index.ts";
import { short } from "./format.ts";
import { live } from "./live.ts";
import { type Store, useSelected } from "./store.ts";
import { contacts } from "./wallet/contacts.ts";
import { wallet } from "./wallet/wallet.ts";

export interface Named {
  address: Address;
  name: string;
  /** Who has named it. What the user has named goes first. */
  kind: "key" | "contact" | "genesis";
}

/** All addresses that have a name: the user's keys, contacts, and those that genesis names. */
export function namedAddresses(): Named[] {
  const { genesis } = live.value;
  const all: Named[] = [
    ...wallet.value.accounts.map(({ address, name }) => ({ address, name, kind: "key" as const })),
    ...contacts.value.map((each) => ({ ...each, kind: "contact" as const })),
    ...(genesis?.names ?? []).map((each) => ({ ...each, kind: "genesis" as const })),
  ];
  const byAddress = new Map<Address, Named>();
  for (const named of all) if (!byAddress.has(named.address)) byAddress.set(named.address, named);
  return [...byAddress.values()];
}

/** An address by its name if it has one, shortened otherwise. */
export function shownAddress(address: Address): string {
  return nameOf(address) ?? short(address, 9, 5);
}

/** The name that an address is shown by. */
function nameOf(address: Address): string | undefined {
  return find(address)?.name;
}

function find(address: Address): { name: string } | undefined {
  const is = (each: { address: Address }) => each.address === address;
  return wallet.value.accounts.find(is) ?? contacts.value.find(is) ?? live.value.genesis?.names.find(is);
}

/** Follows the name of an address. */
export function useName(address: Address): string | undefined {
  const name = () => nameOf(address);
  for (const store of [wallet, contacts, live] as Store<unknown>[]) useSelected(store, name);
  return name();
}
