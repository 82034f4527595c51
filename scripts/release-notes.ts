/**
 * Prints the entry of a release in CHANGELOG.md. Fails if there is none, or if the tag is not the version of the
 * package.
 * Usage: node scripts/release-notes.ts v0.2.0
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @throws if the changelog has no dated entry for the version */
export function releaseNotes(changelog: string, version: string): string {
  const entries = changelog.split(/^(?=## )/m);
  const entry = entries.find((each) => each.startsWith(`## [${version}]`));
  if (!entry) throw new Error(`CHANGELOG.md has no entry for ${version}`);
  const [heading = "", ...text] = entry.split("\n");
  if (!/\d{4}-\d{2}-\d{2}$/.test(heading))
    throw new Error(`the entry for ${version} has no date: ${heading}`);
  return text
    .join("\n")
    .replaceAll(/^\[[^\]]+\]: .*$/gm, "")
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const [tag] = process.argv.slice(2);
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, the version of the package ${version}`);
  console.log(releaseNotes(read("CHANGELOG.md"), version));
}
