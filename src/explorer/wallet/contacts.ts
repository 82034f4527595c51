import { type Address, isAddress } from "../../client/index.ts";
import { kept, Store } from "../store.ts";

/** A name that the user gives to somebody's address. */
export interface Contact {
  address: Address;
  name: string;
}

const storageKey = "ccoin.contacts";
const maxNameLength = 60;
/** The contacts of this browser, by name. */
export const contacts = new Store(stored());

function stored(): readonly Contact[] {
  return kept(storageKey, []);
}

/** Adds a contact, in place of one with the same address. @throws with a text for people */
export function addContact({ address, name }: Contact): void {
  const shown = name.trim().replaceAll(/\s+/g, " ");
  if (shown === "") throw new Error("Enter a name.");
  if (shown.length > maxNameLength) throw new Error(`A name has at most ${maxNameLength} characters.`);
  const others = contacts.value.filter((each) => each.address !== address);
  if (others.some((each) => each.name.toLowerCase() === shown.toLowerCase()))
    throw new Error("Another contact has this name.");
  store([...others, { address, name: shown }]);
}

export function removeContact(address: Address): void {
  store(contacts.value.filter((each) => each.address !== address));
}

/** The text of a file that `readContacts` reads. */
export function contactsFile(): string {
  return `${JSON.stringify({ contacts: contacts.value }, null, 2)}\n`;
}

/** Adds the contacts of such a file; returns their number. @throws with a text for people, and then adds none */
export function readContacts(text: string): number {
  let read: unknown;
  try {
    read = (JSON.parse(text) as { contacts?: unknown }).contacts;
  } catch {
    read = undefined;
  }
  if (!Array.isArray(read) || !read.every(isContact)) throw new Error("This is not a file of contacts.");
  const before = contacts.value;
  try {
    for (const contact of read) addContact(contact);
  } catch (error) {
    store(before);
    throw error;
  }
  return read.length;
}

function isContact(value: unknown): value is Contact {
  const { address, name } = (value ?? {}) as Partial<Contact>;
  return typeof name === "string" && typeof address === "string" && isAddress(address);
}

/** Follows the contacts that other tabs change. */
export function watchContacts(): void {
  addEventListener("storage", ({ key }) => {
    if (key === null || key === storageKey) contacts.set(stored());
  });
}

function store(all: readonly Contact[]): void {
  const sorted = [...all].sort((a, b) => a.name.localeCompare(b.name));
  localStorage.setItem(storageKey, JSON.stringify(sorted));
  contacts.set(sorted);
}
