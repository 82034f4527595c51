import { type Address, isAddress } from "../../client/index.ts";
import { count } from "../format.ts";
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

/** Reports what became of the contacts in the last file that was read. */
export const filed = new Store("");

/** Adds a contact, in place of one with the same address. @throws with a text for people */
export function addContact({ address, name }: Contact): void {
  const shown = tidy(name);
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

/** Reads such a file. @throws with a text for people */
export function readContacts(text: string): readonly Contact[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined;
  }
  return contactsOf(read);
}

/** The contacts of a file that was read. @throws with a text for people */
export function contactsOf(file: unknown): readonly Contact[] {
  const { contacts: read } = (file ?? {}) as { contacts?: unknown };
  if (!Array.isArray(read) || !read.every(isContact)) throw new Error("This is not a file of contacts.");
  return read;
}

/** Adds the contacts of a file. Those of this browser keep their names; `filed` reports what differs from the file. */
export function mergeContacts(read: readonly Contact[]): void {
  const all = [...contacts.value];
  const notes: string[] = [];
  for (const { address, name } of read) {
    const inFile = tidy(name).slice(0, maxNameLength);
    const known = all.find((each) => each.address === address);
    if (!known) {
      const free = freeName(inFile, all);
      all.push({ address, name: free });
      if (free !== inFile) notes.push(`“${inFile}” is “${free}” here, where the name has another address.`);
    } else if (known.name !== inFile) notes.push(`“${known.name}” is “${inFile}” in the file.`);
  }
  const added = all.length - contacts.value.length;
  store(all);
  filed.set([`${count(added, "contact")} added.`, ...notes].join(" "));
}

function freeName(name: string, all: readonly Contact[]): string {
  const isTaken = (tried: string) => all.some((each) => each.name.toLowerCase() === tried.toLowerCase());
  let free = name;
  for (let number = 2; isTaken(free); number++) free = `${name} ${number}`;
  return free;
}

function tidy(name: string): string {
  return name.trim().replaceAll(/\s+/g, " ");
}

function isContact(value: unknown): value is Contact {
  const { address, name } = (value ?? {}) as Partial<Contact>;
  return typeof name === "string" && tidy(name) !== "" && typeof address === "string" && isAddress(address);
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
