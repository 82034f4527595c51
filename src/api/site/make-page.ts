/**
 * Prints a page as JSON: one text with its style sheets and scripts, and everything that these import. Usage: node
 * make-page.ts FOLDER   (below src/, with index.html)
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { cspHash } from "../csp-hash.ts";
import type { PrintedPage } from "./page.ts";

const folder = join(fileURLToPath(new URL("../..", import.meta.url)), process.argv[2]!);
const source = readFileSync(join(folder, "index.html"), "utf8");
const named = [...source.matchAll(/<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)"/g)];
const bundled = bundle(named.map(([, name]) => name!));
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
const body = Buffer.from(page);
/** The quality of brotli. 9 takes fifteen times as long for one percent. */
const quality = 5;
const printed: PrintedPage = {
  scripts,
  styles,
  hash: createHash("sha256").update(body).digest("base64"),
  bodies: {
    br: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }).toString(
      "base64",
    ),
    gzip: gzipSync(body, { level: 9 }).toString("base64"),
    identity: body.toString("base64"),
  },
};
process.stdout.write(JSON.stringify(printed));

/** The texts by the files' names without extension. esbuild writes no `</script` or `</style` into them. */
function bundle(names: string[]): Map<string, string> {
  const { outputFiles } = buildSync({
    entryPoints: names.map((name) => join(folder, name)),
    outdir: folder,
    loader: { ".svg": "text" },
    format: "esm",
    bundle: true,
    minify: true,
    write: false,
    logLevel: "silent",
  });
  return new Map(outputFiles.map(({ path, text }) => [parse(path).name, text]));
}

function imageUrl(name: string): string {
  return `data:image/svg+xml;base64,${readFileSync(join(folder, name)).toString("base64")}`;
}
