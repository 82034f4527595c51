/**
 * Checks the floors of src/README.md: a folder imports only from lower floors; on floors 0 and 1 also from its own.
 * `src/client` imports no other folder, `src/explorer` only that one. Type-only imports count. Prints each violation as
 * `file:line: …` and exits with 1 if there is any.
 * Usage: node scripts/check-floors.ts [root]
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** The floor of each folder, as in the table of src/README.md. */
export const floors: Readonly<Record<string, number>> = {
  "src/util": 0,
  protocols: 1,
  "src/crypto": 1,
  "src/types": 1,
  "src/config": 1,
  "src/storage": 2,
  "src/state": 2,
  "src/consensus": 2,
  "src/accounts": 3,
  "src/chain": 3,
  "src/mempool": 3,
  "src/network": 3,
  "src/sync": 4,
  "src/api": 4,
  "src/metrics": 4,
  "src/client": 5,
  "src/node": 5,
  "src/cli": 6,
  "src/explorer": 6,
};
/** Folders that browsers and other programs run, with the only folders that they may import. */
const standalone: Readonly<Record<string, readonly string[]>> = {
  "src/client": [],
  "src/explorer": ["src/client"],
};
/** Folders of one floor up to this one may import each other. */
const highestSharedFloor = 1;

export interface Violation {
  file: string;
  line: number;
  message: string;
}

/** `file` is relative to the root, with `/`. */
export function checkFile(file: string, text: string): Violation[] {
  const violation = (line: number, message: string): Violation => ({ file, line, message });
  const from = folderOf(file);
  const floor = floors[from];
  if (floor === undefined) return [violation(1, `${from} has no floor: add it to scripts/check-floors.ts`)];
  return findImports(file, text).flatMap(({ specifier, line }) => {
    if (!specifier.startsWith(".")) return [];
    const to = folderOf(posix.join(posix.dirname(file), specifier));
    if (to === from) return [];
    if (standalone[from] && !standalone[from].includes(to)) {
      return [violation(line, `${from} stands alone and imports ${specifier}`)];
    }
    const target = floors[to];
    if (target === undefined) {
      return [violation(line, `${from} (floor ${floor}) imports ${specifier}, which is on no floor`)];
    }
    if (target < floor || (target === floor && floor <= highestSharedFloor)) return [];
    const what = target === floor ? "its sibling" : "the higher";
    return [violation(line, `${from} (floor ${floor}) imports ${what} ${to} (floor ${target})`)];
  });
}

/** `src/chain/import.ts` -> `src/chain`, `protocols/reqresp/types.ts` -> `protocols`. */
function folderOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "src" ? `src/${second}` : first;
}

export function checkTree(root: string): { files: number; violations: Violation[] } {
  const files = ["src", "protocols"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .sort(),
  );
  return {
    files: files.length,
    violations: files.flatMap((file) => checkFile(file, readFileSync(join(root, file), "utf8"))),
  };
}

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? dirname(import.meta.dirname));
  const { files, violations } = checkTree(root);
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  console.log(`floors: ${files} files, ${violations.length} violations`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

/** A module that a program names; `line` counts from 1. */
interface ImportedModule {
  specifier: string;
  line: number;
}

/**
 * Finds every module named by `import … from`, `export … from`, `import "…"`, `import("…")`, `typeof import("…")` or
 * `require("…")`, including type-only ones. @throws if the text, of a file with this name, does not parse
 */
export function findImports(file: string, text: string): ImportedModule[] {
  const { program, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const imports: ImportedModule[] = [];
  const add = (source: object | null | undefined) => {
    if (!source || !("value" in source) || typeof source.value !== "string" || !("start" in source)) return;
    const line = text.slice(0, Number(source.start)).split("\n").length;
    imports.push({ specifier: source.value, line });
  };
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    TSExternalModuleReference: ({ expression }) => add(expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === "Identifier" && callee.name === "require") add(first);
    },
  }).visit(program);
  return imports;
}
