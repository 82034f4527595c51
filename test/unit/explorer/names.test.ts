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
  readContacts(text: string): number;
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

it("refuses a second contact of the same name, and takes all of a file or nothing", () => {
  contacts.addContact({ address: anna!, name: "Anna" });
  expect(() => contacts.addContact({ address: ben!, name: "anna" })).toThrow("Another contact has this name");
  expect(() => contacts.addContact({ address: ben!, name: "  " })).toThrow("Enter a name");
  const file = (...all: object[]) => JSON.stringify({ contacts: all });
  const before = contacts.contactsFile();
  for (const text of ["", "{}", file({ address: "cc1", name: "Ben" }), file({ address: ben })])
    expect(() => contacts.readContacts(text), text).toThrow("not a file of contacts");
  const clash = file({ address: carl, name: "Carl" }, { address: ben, name: "Anna" });
  expect(() => contacts.readContacts(clash)).toThrow("Another contact");
  expect(contacts.contactsFile()).toBe(before);
  expect(contacts.readContacts(file({ address: ben, name: "Ben" }, { address: carl, name: "Carl" }))).toBe(2);
  expect(contacts.contacts.value.map(({ name }) => name)).toEqual(["Anna", "Ben", "Carl"]);
  expect(stored.get("ccoin.contacts")).toContain("Carl");
});
