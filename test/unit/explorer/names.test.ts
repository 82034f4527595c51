import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { keyFromSeed } from "../../../src/client/index.ts";

interface Names {
  shownAddress(address: string): string;
}
interface Recipients {
  recipient(text: string): string;
}
interface Contacts {
  addContact(contact: { address: string; name: string }): void;
  readContacts(text: string): readonly { address: string; name: string }[];
  mergeContacts(read: readonly { address: string; name: string }[]): void;
  filed: { value: string };
  contactsFile(): string;
  contacts: { value: readonly { address: string; name: string }[] };
}

const stored = new Map<string, string>();
const [anna, ben, carl] = await Promise.all(
  [1, 2, 3].map(async (fill) => (await keyFromSeed(new Uint8Array(32).fill(fill))).address),
);
let names: Names;
let recipients: Recipients;
let contacts: Contacts;
let live: { update(change: object): void };

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
  // Imported by variable names, which the compiler does not follow: the page's code is checked with browsers' types.
  const load = (file: string) => import(/* @vite-ignore */ `../../../src/explorer/${file}`);
  contacts = await load("wallet/contacts.ts");
  names = await load("names.ts");
  recipients = await load("wallet/recipient.ts");
  ({ live } = await load("live.ts"));
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page have another node.
  vi.resetModules();
});

it("an address is shown by the name that the user gives it, or else by that of genesis", () => {
  live.update({ genesis: { names: [{ address: anna, name: "Treasury" }] } });
  expect(names.shownAddress(anna!)).toBe("Treasury");
  contacts.addContact({ address: anna!, name: " Anna  B. " });
  expect(names.shownAddress(anna!)).toBe("Anna B.");
  expect(names.shownAddress(ben!)).toBe(`${ben!.slice(0, 9)}…${ben!.slice(-5)}`);
});

it("a payment goes to a name or to an address, and says what is wrong with another text", () => {
  contacts.addContact({ address: anna!, name: "Anna B." });
  expect(recipients.recipient(" anna b. ")).toBe(anna);
  expect(recipients.recipient(ben!.toUpperCase())).toBe(ben);
  const problem = (text: string) => {
    try {
      return recipients.recipient(text);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(problem(ben!.slice(0, 30))).toContain("not finished: it has 30 of 61");
  expect(problem(`${ben!}q`)).toContain("too long");
  expect(problem(ben!.slice(0, -1) + (ben!.endsWith("q") ? "p" : "q"))).toContain("A letter is wrong in");
  expect(problem(ben!.replace(/.$/, "o"))).toContain("no address has “o”");
  expect(problem("Bob")).toContain("neither an address (cc1…) nor a name");
  // Two names that people cannot tell apart.
  live.update({ genesis: { names: [{ address: carl, name: "ANNA B." }] } });
  expect(problem("Anna B.")).toContain("Several addresses");
});

it("refuses a second contact of the same name, and a file that has anything but contacts", () => {
  contacts.addContact({ address: anna!, name: "Anna" });
  expect(() => contacts.addContact({ address: ben!, name: "anna" })).toThrow("Another contact has this name");
  expect(() => contacts.addContact({ address: ben!, name: "  " })).toThrow("Enter a name");
  const file = (...all: object[]) => JSON.stringify({ contacts: all });
  const ofBen = { address: ben, name: "Ben" };
  for (const text of [
    "",
    "{}",
    file(ofBen, { address: "cc1", name: "B" }),
    file({ address: ben, name: " " }),
  ])
    expect(() => contacts.readContacts(text), text).toThrow("not a file of contacts");
  expect(contacts.readContacts(file(ofBen))).toEqual([ofBen]);
});

it("contacts of a file change none of this browser's, and differences are reported", () => {
  contacts.addContact({ address: anna!, name: "Anna" });
  contacts.mergeContacts([
    { address: anna!, name: "Annabel" },
    { address: ben!, name: "ANNA" },
    { address: carl!, name: "Carl" },
  ]);
  expect(contacts.contacts.value.map(({ address, name }) => [name, address])).toEqual([
    ["Anna", anna],
    ["ANNA 2", ben],
    ["Carl", carl],
  ]);
  expect(contacts.filed.value).toBe(
    "2 contacts added. “Anna” is “Annabel” in the file. “ANNA” is “ANNA 2” here, where the name has another address.",
  );
  expect(stored.get("ccoin.contacts")).toContain("Carl");
  contacts.mergeContacts(contacts.readContacts(contacts.contactsFile()));
  expect(contacts.filed.value).toBe("0 contacts added.");
});
