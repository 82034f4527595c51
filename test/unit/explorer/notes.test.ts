import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

type Component = (props: object) => unknown;

const folder = "../../../src/explorer/parts/";
let RecoveryNote: Component;
let DiagnosisNote: Component;

/**
 * Imports a part of the page by a variable name, which the compiler does not follow: that code is checked with
 * browsers' types.
 */
async function part(name: string): Promise<Record<string, Component>> {
  const file = readdirSync(new URL(folder, import.meta.url)).find((file) => file.startsWith(`${name}.ts`));
  return import(/* @vite-ignore */ `${folder}${file}`);
}

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  RecoveryNote = (await part("recovery"))["RecoveryNote"]!;
  DiagnosisNote = (await part("diagnosis"))["DiagnosisNote"]!;
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page use another node.
  vi.resetModules();
});

/** Returns the text of a view without its tags. */
function textOf(node: unknown): string {
  if (Array.isArray(node)) return node.map(textOf).join(" ");
  if (typeof node !== "object" || node === null) return typeof node === "boolean" ? "" : String(node ?? "");
  const { type, props } = node as { type: unknown; props: { children?: unknown; address?: string } };
  // The link to an account follows the page's state, which is not here.
  if (props.address !== undefined) return props.address;
  return textOf(typeof type === "function" ? type(props) : props.children).replace(/\s+/g, " ");
}

it("lists each recovery of the chain with its block and id", () => {
  const recovery = (digit: string, height: number, authorities: number, reached: boolean) => ({
    ...{ id: `0x${digit.repeat(64)}`, block: { height, id: `0x${"ab".repeat(32)}` } },
    ...{ authorities, reached },
  });
  const once = textOf(RecoveryNote({ recoveries: [recovery("1", 1_240, 3, true)] }));
  expect(once).toContain("This chain was recovered People agreed that it continues from");
  expect(once).toMatch(/block 1,240 with 3 authorities\s?\./);
  expect(once).toContain(`0x${"1".repeat(64)}`);
  const twice = textOf(
    RecoveryNote({ recoveries: [recovery("1", 1_240, 3, true), recovery("2", 5_000, 1, false)] }),
  );
  expect(twice).toContain("This chain was recovered 2 times");
  expect(twice).toMatch(/block 5,000 with 1 authority\s?; this node has not reached that block yet/);
});

it("says how to upgrade a node that does not know the chain's rules, and nothing if all is well", () => {
  const finding = (code: string) => ({ code, detail: "it stopped at block 61", remedy: "install a release" });
  const diagnosis = (code: string) => ({
    state: "halted",
    summary: "stopped at height 61",
    findings: [finding(code)],
  });
  const note = textOf(DiagnosisNote({ diagnosis: diagnosis("UNKNOWN_RULES") }));
  expect(note).toContain("This node must be upgraded");
  expect(note).toMatch(
    /Stopped at height 61\. .*It stopped at block 61\. .*What to do: .*Install a release\./,
  );
  const other = textOf(DiagnosisNote({ diagnosis: diagnosis("MISSING_AUTHORITIES") }));
  expect(other).toContain("The chain has halted");
  expect(DiagnosisNote({ diagnosis: { state: "ok", summary: "", findings: [] } })).toBeNull();
});

it("leads with one sentence for a halt, and folds the rest", () => {
  const [a, b, c] = ["a", "b", "c"].map((letter) => `cc1${letter.repeat(58)}`);
  const halt = { authorities: 4, silentCount: 3, silent: [a, b, c], awaited: [a, b], needed: 1, own: false };
  const finding = { code: "MISSING_AUTHORITIES", detail: "they are away", remedy: "start them" };
  const diagnosis = (change: object) => ({
    ...{ state: "halted", summary: "at height 7", findings: [finding] },
    halt: { ...halt, ...change },
  });
  const text = (change: object) => textOf(DiagnosisNote({ diagnosis: diagnosis(change) }));
  const plain = (change: object) =>
    text(change)
      .replaceAll(/cc1(.)\1{57}/g, "$1")
      .replaceAll(/\s+/g, " ");
  expect(plain({})).toMatch(
    /^ ?The chain has halted 3 of 4 authorities are silent: a , b and c . One of a or b brings blocks back. .*At height 7/,
  );
  expect(plain({ awaited: [a, b, c] })).toContain("a , b and c . One of them brings blocks back.");
  expect(plain({ awaited: [a, b, c], needed: 2 })).toContain("2 of them bring blocks back.");
  expect(plain({ awaited: [a, b], needed: 2 })).toContain("2 of a and b bring blocks back.");
  expect(plain({ own: true })).toContain("This node may sign the next block and has not.");
});
