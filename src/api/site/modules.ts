import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** A module as a browser takes it. */
export interface BrowserModule {
  /** Path on this server. */
  path: string;
  text: string;
}

export interface ModuleGraph {
  modules: BrowserModule[];
  /** Paths of those that the entry needs before it runs. */
  preload: string[];
}

const sourceRoot = new URL("../../", import.meta.url);
/** Packages are served below it, by the path of their files in node_modules. */
const packagesPath = "/modules/";
/** `import … from "…"`, `export … from "…"`, `import "…"` at the beginning of a line, and `import("…")`. */
const importPattern = /(^(?:import|export)\b[^;"'`]*?\bfrom\s*|^import\s*|\bimport\(\s*)"([^"\n]+)"/gm;

/**
 * The module `entry` (a path below src/) and all that it imports, of src/ and of packages: types are stripped, packages
 * are named by their path on this server. Nothing else of src/ is in it.
 */
export async function moduleGraph(entry: string): Promise<ModuleGraph> {
  const modules = new Map<string, BrowserModule>();
  const lazy = new Set<string>();
  const visit = async (url: URL, isLazy: boolean): Promise<void> => {
    const path = servedPath(url);
    if (!isLazy) lazy.delete(path);
    if (modules.has(path)) return;
    if (isLazy) lazy.add(path);
    const module = { path, text: "" };
    modules.set(path, module);
    const source = await readFile(url, "utf8");
    const needed: { url: URL; isLazy: boolean }[] = [];
    module.text = toJavaScript(url, source).replace(importPattern, (_, words: string, specifier: string) => {
      const isRelative = specifier.startsWith(".");
      const target = isRelative ? new URL(specifier, url) : new URL(import.meta.resolve(specifier));
      needed.push({ url: target, isLazy: isLazy || words.includes("(") });
      return `${words}"${isRelative ? specifier : servedPath(target)}"`;
    });
    for (const each of needed) await visit(each.url, each.isLazy);
  };
  await visit(new URL(entry, sourceRoot), false);
  const all = [...modules.values()];
  return { modules: all, preload: all.map(({ path }) => path).filter((path) => !lazy.has(path)) };
}

/** `src/explorer/main.ts` -> `/explorer/main.ts`, `node_modules/preact/dist/preact.mjs` -> `/modules/preact/dist/preact.mjs`. */
function servedPath({ href }: URL): string {
  // First, since this may be a package itself.
  if (href.startsWith(sourceRoot.href)) return href.slice(sourceRoot.href.length - 1);
  const inPackages = href.lastIndexOf("/node_modules/");
  if (inPackages < 0) throw new Error(`${fileURLToPath(href)} is not served`);
  return packagesPath + href.slice(inPackages + "/node_modules/".length);
}

function toJavaScript(url: URL, source: string): string {
  if (extname(url.pathname) !== ".ts") return source.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  // Positions do not matter here: what types and comments leave is only bytes.
  return stripTypes(source)
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
}

/** Node says once that this function is experimental; that is known here, and nothing for the log of a node. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
