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
  const { type, props } = node as { type: unknown; props: { children?: unknown } };
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
