import { expect, test } from "vitest";
import type { Lead } from "../../../src/sync/lead.ts";
import { Leads, maxMinor } from "../../../src/sync/leads.ts";
import { toHex } from "../../../src/util/bytes.ts";

const id = (fill: number) => new Uint8Array(32).fill(fill);

/** A chain that has the blocks of these ids, with a final one at height 5. */
function setUp(...here: number[]) {
  const known = new Set(here.map((fill) => toHex(id(fill))));
  const freed: string[] = [];
  const tree = { get: async (block: Uint8Array) => (known.has(toHex(block)) ? {} : undefined) };
  const leads = new Leads({ tree, finalized: { height: 5 } } as never, (peer) => freed.push(peer));
  return { leads, freed };
}

function lead(
  peer: string,
  fields: { majority?: boolean; weight?: number; from?: number; top?: number },
): Lead {
  const { majority = false, weight = 10, from = 6, top = 9 } = fields;
  const first = { height: from, header: { message: { parent: id(1) } } };
  return {
    peer,
    isOfMajority: majority,
    heads: [first],
    top: { id: id(top), totalDifficulty: weight },
  } as never;
}

test("takes those of a majority first, and the heavier ones of each kind", async () => {
  const { leads, freed } = setUp(1);
  leads.add(lead("light", { weight: 1 }));
  leads.add(lead("heavy", { weight: 20 }));
  expect(leads.hasMajority).toBe(false);
  leads.add(lead("light majority", { majority: true, weight: 2 }));
  leads.add(lead("majority", { majority: true, weight: 3 }));
  expect(leads.hasMajority).toBe(true);
  const taken: unknown[] = [];
  for (let next = await leads.take(); next; next = await leads.take()) taken.push(next.peer);
  expect(taken).toEqual(["majority", "light majority", "heavy", "light"]);
  expect([leads.hasMajority, leads.isEmpty]).toEqual([false, true]);
  // Those of a majority keep their places until they are taken.
  expect(freed).toEqual(["light", "heavy"]);
});

test("keeps a bounded number that no majority has signed, and any number of others", () => {
  const { leads, freed } = setUp(1);
  for (let number = 0; number < maxMinor; number++)
    expect(leads.add(lead(`signed ${number}`, { majority: true }))).toBe(true);
  for (let number = 0; number < maxMinor; number++) expect(leads.add(lead(`${number}`, {}))).toBe(true);
  expect([leads.add(lead("more", {})), leads.has("more"), leads.has("0")]).toEqual([false, false, true]);
  expect(freed.at(-1)).toBe("more");
  expect(leads.add(lead("majority", { majority: true }))).toBe(true);
  expect([leads.has("majority"), leads.isEmpty]).toEqual([true, false]);
});

test("gives the places of peers back whose blocks have arrived, do not follow known ones, or are not above the final one", async () => {
  const { leads, freed } = setUp(1, 2);
  leads.add(lead("arrived", { majority: true, top: 2 }));
  leads.add(lead("low", { majority: true, from: 5 }));
  leads.add(lead("good", { majority: true, from: 6 }));
  expect([(await leads.take())?.peer, freed]).toEqual(["good", ["arrived", "low"]]);
  const { leads: others, freed: loose } = setUp();
  others.add(lead("loose", { majority: true }));
  expect([await others.take(), loose]).toEqual([undefined, ["loose"]]);
});

test("loses none that is added while another is taken", async () => {
  const { leads } = setUp(1);
  leads.add(lead("first", {}));
  const taking = leads.take();
  leads.add(lead("second", {}));
  expect([(await taking)?.peer, (await leads.take())?.peer]).toEqual(["first", "second"]);
});
