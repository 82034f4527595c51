import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parts } from "../../mutation/parts.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/mutation.md"), "utf8");
const [, scores = "", survivors = "", closed = ""] = page.split(
  /^## Scores|^## Survivors|^The others in the tables/m,
);

/** The text beside the tables, which names the files that are in none. */
const prose = scores.replaceAll(/^\|.*/gm, "");

interface Row {
  mutants: number;
  killed: number;
  survived: number;
}

/** The rows of a table by their first column. The score of each is the part of its mutants that were killed. */
function table(heading: string): Map<string, Row> {
  const [, rows = ""] = scores.split(`| ${heading} | mutants | killed | survived | score |`);
  const found = rows.split("\n\n")[0]!.matchAll(/^\| `(.+?)` \| (\d+) \| (\d+) \| (\d+) \| (\S+) %/gm);
  return new Map(
    [...found].map(([, name, ...cells]) => {
      const [mutants = 0, killed = 0, survived = 0] = cells.slice(0, 3).map(Number);
      expect([name, survived, cells[3]]).toEqual([
        name,
        mutants - killed,
        ((100 * killed) / mutants).toFixed(1),
      ]);
      return [name!, { mutants, killed, survived }];
    }),
  );
}

const totals = table("part");

test("docs/mutation.md has a table of each part", () => {
  expect([...totals.keys(), "sync-limits"].toSorted()).toEqual(Object.keys(parts).toSorted());
});

test.each([...totals])(
  "docs/mutation.md: the files of `%s` are those of the code, and add up",
  (name, total) => {
    const rows = table(`\`src/${name}/\``);
    const sum = (of: keyof Row) => [...rows.values()].reduce((all, row) => all + row[of], 0);
    expect({ mutants: sum("mutants"), killed: sum("killed"), survived: sum("survived") }).toEqual(total);

    const here = globSync(`src/${name}/*.ts`, { cwd: root }).map((path) => basename(path));
    expect([...rows.keys()].filter((file) => !here.includes(file))).toEqual([]);
    const globs = Object.entries(parts)
      .filter(([part]) => part === name || part.startsWith(`${name}-`))
      .flatMap(([, { mutate }]) => mutate.filter((glob) => !glob.startsWith("!")));
    const mutated = globSync(globs, { cwd: root, exclude: ["**/*.d.ts"] }).map((path) => basename(path));
    expect(mutated.length).toBeGreaterThan(1);
    expect(mutated.filter((file) => !rows.has(file) && !prose.includes(`\`${file}\``))).toEqual([]);
  },
);

test.each([...totals.keys()])(
  "docs/mutation.md: every survivor of `%s` in the table has its reason",
  (name) => {
    const counts = new Map<string, number>();
    const add = (file: string, count: string | undefined) =>
      counts.set(file, (counts.get(file) ?? 0) + Number(count ?? 1));
    const listed = survivors.split(`\n\`src/${name}/\`:\n`)[1]!.split(/\n`src/)[0]!;
    for (const [, file, count] of listed.matchAll(/^- `(.+?)`(?: \((\d+)\))?:/gm)) add(file!, count);
    const later = closed.split(`\n- \`${name}\`:`)[1]?.split("\n- ")[0] ?? "";
    for (const [, file, count] of later.matchAll(/`(\S+?)`\s+(\d+)/g)) add(file!, count);
    const survived = [...table(`\`src/${name}/\``)].filter(([, row]) => row.survived > 0);
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries(survived.map(([file, row]) => [file, row.survived])),
    );
  },
);
