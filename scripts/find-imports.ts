import { parseSync, Visitor } from "oxc-parser";

/** A module that a program names; `line` counts from 1. */
export interface ImportedModule {
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
