import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attacks, mixes } from "../../attacks/attacks.ts";
import { dearest } from "../../attacks/stranger/request-floods.ts";
import { allProtocols } from "../protocols/all-protocols.ts";

const text = readFileSync(new URL("../../../docs/attacks.md", import.meta.url), "utf8");

test.each(attacks)("docs/attacks.md says what $name does", ({ name, does }) => {
  expect(text).toContain(`| \`${name}\` | ${does} |`);
});

test.each(mixes)("docs/attacks.md says what $name consists of", ({ name, attacks: parts }) => {
  expect(text).toContain(`| \`${name}\` | ${parts.map((part) => `\`${part.name}\``).join(", ")} |`);
});

test("request-floods floods every protocol", () => {
  expect(dearest.map(([id]) => id).sort()).toEqual(allProtocols.map(({ id }) => id).sort());
});
