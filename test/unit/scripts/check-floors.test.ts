import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkFile, checkTree, findImports } from "../../../scripts/check-floors.ts";

const specifiers = (text: string) => findImports("a.ts", text).map((found) => found.specifier);

describe("findImports", () => {
  it.each([
    ["import", 'import { a } from "./a.ts";'],
    ["side effect", 'import "./a.ts";'],
    ["type-only", 'import type { A } from "./a.ts";'],
    ["export", 'export * from "./a.ts";'],
    ["over lines", 'import {\n  a,\n  b,\n} from\n  "./a.ts";'],
    ["single quotes", "import a from './a.ts'"],
    ["dynamic", 'const a = await import("./a.ts");'],
    ["dynamic over lines", 'await import(\n  // why\n  "./a.ts"\n);'],
    ["import type expression", 'type A = typeof import("./a.ts");'],
    ["require", 'const a = require("./a.ts");'],
    ["import of a required module", 'import a = require("./a.ts");'],
    ["type in an expression", 'let a: import("./a.ts").A;'],
    ["in a template's expression", 'const x = `a${await import("./a.ts")}b`;'],
    ["after a nested template", 'const x = `a${{ b: `c${1}` }}`; import "./a.ts";'],
    ["after a regular expression with quotes", 'const x = /["\'`]/.test(y); import "./a.ts";'],
    ["after a division", 'const x = (a) / 2; const y = "/"; import "./a.ts";'],
    ["after a string with escapes", 'const x = "\\"from"; import "./a.ts";'],
    ["after a quote in a comment", '// don\'t\n/* it\'s " */ import "./a.ts";'],
  ])("finds: %s", (_name, text) => {
    expect(specifiers(text)).toEqual(["./a.ts"]);
  });

  it.each([
    ["line comment", '// import "./a.ts"'],
    ["block comment", '/* import a from "./a.ts" */'],
    ["string", "const x = 'import \"./a.ts\"';"],
    ["template", 'const x = `import "./a.ts"`;'],
    ["regular expression", 'const x = /import "a"/;'],
    ["property", 'const x = { from: "./a.ts" };'],
    ["call of from", 'Buffer.from("./a.ts");'],
  ])("ignores: %s", (_name, text) => {
    expect(specifiers(text)).toEqual([]);
  });

  it("counts lines from 1, over comments and templates", () => {
    const text = '/*\n*/\nconst x = `\n${1}\n`;\nimport {\n a } from "./a.ts";\nimport "./b.ts";';
    expect(findImports("a.ts", text)).toEqual([
      { specifier: "./a.ts", line: 7 },
      { specifier: "./b.ts", line: 8 },
    ]);
  });
});

describe("checkFile", () => {
  const check = (file: string, specifier: string) =>
    checkFile(file, `\nimport type { X } from "${specifier}";`).map(
      ({ line, message }) => `${line}: ${message}`,
    );

  it.each([
    ["a lower floor", "src/chain/a.ts", "../types/index.ts"],
    ["its own folder", "src/chain/a.ts", "./b.ts"],
    ["its own folder from a sub-folder", "src/cli/commands/a.ts", "../output.ts"],
    ["a package", "src/chain/a.ts", "zod"],
    ["a sibling on floor 1", "src/config/a.ts", "../crypto/address.ts"],
    ["the network from sync", "src/sync/a.ts", "../network/types.ts"],
    ["protocols from src", "src/config/a.ts", "../../protocols/blocks.ts"],
    ["src from protocols", "protocols/reqresp/a.ts", "../../src/types/index.ts"],
  ])("allows %s", (_name, file, specifier) => {
    expect(check(file, specifier)).toEqual([]);
  });

  it.each([
    ["a higher floor", "src/chain/a.ts", "../node/index.ts", "imports the higher src/node (floor 5)"],
    [
      "a sibling on floor 2",
      "src/state/a.ts",
      "../storage/a.ts",
      "imports its sibling src/storage (floor 2)",
    ],
    ["a sibling on floor 4", "src/sync/a.ts", "../api/problem.ts", "imports its sibling src/api"],
    ["floor 1 from floor 0", "src/util/a.ts", "../types/index.ts", "imports the higher src/types (floor 1)"],
    [
      "floor 2 from protocols",
      "protocols/a.ts",
      "../src/state/a.ts",
      "imports the higher src/state (floor 2)",
    ],
    ["anything from the client", "src/client/a.ts", "../util/bytes.ts", "src/client stands alone"],
    [
      "anything but the client from the explorer",
      "src/explorer/a.ts",
      "../api/a.ts",
      "src/explorer stands alone",
    ],
    ["what is on no floor", "src/cli/a.ts", "../../test/a.ts", "which is on no floor"],
  ])("refuses %s", (_name, file, specifier, message) => {
    const [found, ...others] = check(file, specifier);
    expect(found).toContain(message);
    expect(found).toMatch(/^2: /);
    expect(others).toEqual([]);
  });

  it("refuses a folder without a floor", () => {
    expect(checkFile("src/misc/a.ts", "")[0]?.message).toContain("src/misc has no floor");
  });
});

describe("the project", () => {
  it("keeps to its floors", () => {
    const root = fileURLToPath(new URL("../../..", import.meta.url));
    const { files, violations } = checkTree(root);
    expect(violations).toEqual([]);
    expect(files).toBeGreaterThan(30);
  });
});
