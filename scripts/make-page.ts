/**
 * Builds the page that every node serves at `/`: the explorer with its style sheets and bundled scripts in one text,
 * with compressed forms. src/api/page.ts reads the file. Usage: node scripts/make-page.ts [FILE=build/explorer.json]
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { cspHash } from "../src/api/csp-hash.ts";
import type { MadeFile, MadePage } from "../src/api/page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "src/explorer");
const file = resolve(process.argv[2] ?? join(root, "build/explorer.json"));
const source = readFileSync(join(folder, "index.html"), "utf8");
const named = [...source.matchAll(/<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)"/g)];
const { texts: bundled, inputs } = await bundle(named.map(([, name]) => name!));
const scripts: string[] = [];
const styles: string[] = [];
const page = source
  .replace(/(?<=<link rel="icon" href=")([^"]+)(?=">)/, (name) => imageUrl(name))
  .replaceAll(/<link rel="stylesheet" href="([^"]+)">/g, (_, name: string) => {
    const text = bundled.get(parse(name).name)!;
    styles.push(cspHash(text));
    return `<style>${text}</style>`;
  })
  .replaceAll(/<script([^>]*) src="([^"]+)"><\/script>/g, (_, attributes: string, name: string) => {
    const text = bundled.get(parse(name).name)!;
    scripts.push(cspHash(text));
    return `<script${attributes}>${text}</script>`;
  });
/**
 * Scripts that the page fetches when it needs them, and runs within itself, so that its policy names their hashes too.
 */
const later: Record<string, MadeFile> = {};
for (const [name, plugins] of [
  ["backup.js", []],
  ["qr.js", []],
  ["stories.js", [sharedParts()]],
  ["wallet.js", [sharedParts()]],
] as const) {
  const { texts } = await bundle([`${parse(name).name}/main.ts`], { format: "iife", plugins: [...plugins] });
  const [text] = texts.values();
  scripts.push(cspHash(text!));
  later[name] = made(text!);
}
const output: MadePage = { scripts, styles, ...made(page), later };
mkdirSync(dirname(file), { recursive: true });
// A node may read the page at this moment, and several may build it.
const temporary = `${file}.${process.pid}`;
writeFileSync(temporary, JSON.stringify(output));
renameSync(temporary, file);

/**
 * Bundles files; returns the texts by the files' names without extension, and the absolute paths of all that is in
 * them. esbuild writes no `</script` or `</style` into them.
 */
async function bundle(names: string[], options: Pick<BuildOptions, "format" | "plugins"> = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => join(folder, name)),
    outdir: folder,
    loader: { ".svg": "text" },
    format: "esm",
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    logLevel: "silent",
    ...options,
  });
  return {
    texts: new Map(outputFiles.map(({ path, text }) => [parse(path).name, text])),
    inputs: new Set(Object.keys(metafile.inputs).map((path) => join(root, path))),
  };
}

/** Replaces imports of modules that the page already contains by the exports listed in src/explorer/shared.ts. */
function sharedParts(): Plugin {
  return {
    name: "shared parts",
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
        if (from.kind === "entry-point" || pluginData === "resolving") return undefined;
        const found = await resolve(path, { ...from, pluginData: "resolving" });
        return inputs.has(found.path) ? { path: "shared", namespace: "shared" } : undefined;
      });
      onLoad({ filter: /.*/, namespace: "shared" }, () => {
        const text = readFileSync(join(folder, "shared.ts"), "utf8");
        const lists = [...text.matchAll(/^export \{([^}]+)\}/gm)].map(([, list]) => list!);
        const names = lists.flatMap((list) => list.match(/\w+/g)!).join(", ");
        return { contents: `export const { ${names} } = globalThis.ccoinShared;` };
      });
    },
  };
}

function made(text: string): MadeFile {
  const body = Buffer.from(text);
  return {
    hash: createHash("sha256").update(body).digest("base64"),
    bodies: {
      br: brotliCompressSync(body).toString("base64"),
      gzip: gzipSync(body, { level: 9 }).toString("base64"),
      identity: body.toString("base64"),
    },
  };
}

function imageUrl(name: string): string {
  return `data:image/svg+xml;base64,${readFileSync(join(folder, name)).toString("base64")}`;
}
