import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { diagnosisStates } from "../../../src/api/schemas/node.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");

const sources = readdirSync(`${root}/src/node`).filter((name) => name.startsWith("diagnosis"));
const codes = sources.flatMap((name) =>
  [...read(`src/node/${name}`).matchAll(/\bcode: "([A-Z_]+)"/g)].map(([, code]) => code!),
);
const guide = read("docs/operating.md");
const sections = new Map(
  [...guide.matchAll(/^### ([A-Z_]+)\n\n(.+?)(?=\n#|$(?![\s\S]))/gms)].map(([, code, text]) => [
    code!,
    text!,
  ]),
);

it("docs/operating.md has a section on what to do about each finding, and on no other", () => {
  expect(codes.length).toBeGreaterThan(10);
  expect([...sections.keys()].sort()).toEqual([...new Set(codes)].sort());
  for (const [code, text] of sections) expect(text.trim().length, code).toBeGreaterThan(40);
});

it("docs/operating.md explains each state", () => {
  for (const state of diagnosisStates) expect(guide).toContain(`| \`${state}\` |`);
});
