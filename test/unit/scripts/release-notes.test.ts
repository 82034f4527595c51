import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { releaseNotes } from "../../../scripts/release-notes.ts";

const changelog = `# Changelog
Some words.

## [0.3.0] - unreleased
- c

## [0.2.0] - 2026-12-01
### Added
- b

## [0.1.0] - 2026-11-24
- a

[0.1.0]: https://example.org
`;

it("takes the entry of one release", () => {
  expect(releaseNotes(changelog, "0.2.0")).toBe("### Added\n- b");
  expect(releaseNotes(changelog, "0.1.0")).toBe("- a");
});

it("refuses a release without an entry or without a date", () => {
  expect(() => releaseNotes(changelog, "0.4.0")).toThrow("no entry for 0.4.0");
  expect(() => releaseNotes(changelog, "0.3.0")).toThrow("has no date");
});

it("finds the version of the package in the changelog", () => {
  const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
  const { version } = JSON.parse(read("package.json"));
  expect(read("CHANGELOG.md")).toContain(`\n## [${version}] - `);
  expect(JSON.parse(read("package-lock.json")).version).toBe(version);
});

it("the lock files name no registry, so that any can be used", () => {
  for (const folder of ["", "scripts/api-docs/", "scripts/lighthouse/"]) {
    const text = readFileSync(new URL(`../../../${folder}package-lock.json`, import.meta.url), "utf8");
    expect(text).not.toContain('"resolved"');
  }
});
