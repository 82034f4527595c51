import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { sha256 } from "../../crypto/hash.ts";
import type { ModuleGraph } from "./modules.ts";

/** Better ones first. Brotli at 9 takes fifteen times as long for one part in a hundred. */
const encoders = {
  br: (body: Buffer) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (body: Buffer) => promisify(gzip)(body, { level: 9 }),
};
/** Several times what the explorer has. */
const maxGraphBytes = 16 * 2 ** 20;
type Encoding = keyof typeof encoders;

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
};

/** A file as it is sent. */
export interface Asset {
  mediaType: string;
  body: Buffer;
  /** Of its content, for `etag`. */
  hash: string;
  /** In the best encoding that an `accept-encoding` header allows; compressed at the first demand. */
  encoded(acceptEncoding: string): Promise<{ body: Buffer; encoding: Encoding | undefined }>;
}

export interface SiteOptions {
  /** A folder below src/, with `index.html`. */
  folder: string;
  /** Its module that the page starts with; all that it imports is served. */
  entry: string;
  /** One after the other they are `style.css`. */
  styles: readonly string[];
  /** Other files of the folder. */
  files: readonly string[];
}

/** A page with its files, in memory, by path: `/`, `/<folder>/…`, and the modules that it imports. */
export async function loadSite({
  folder,
  entry,
  styles,
  files,
}: SiteOptions): Promise<ReadonlyMap<string, Asset>> {
  const read = (name: string) => readFile(new URL(`../../${folder}/${name}`, import.meta.url), "utf8");
  const { modules, preload } = await loadModules(`${folder}/${entry}`);
  const links = preload.map((path) => `<link rel="modulepreload" href="${path}">`).join("\n");
  const page = (await read("index.html")).replace("<!-- modulepreload -->", links);
  const site = new Map([["/", asset(".html", page)]]);
  site.set(`/${folder}/style.css`, asset(".css", (await Promise.all(styles.map(read))).join("")));
  for (const name of files) site.set(`/${folder}/${name}`, asset(extname(name), await read(name)));
  for (const { path, text } of modules) site.set(path, asset(extname(path), text));
  return site;
}

/** By a process of its own: what strips the types takes 30 MB, which go with it only so, and holds nobody up. */
async function loadModules(entry: string): Promise<ModuleGraph> {
  const script = fileURLToPath(new URL(`./print-modules${extname(import.meta.url)}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, entry], {
    maxBuffer: maxGraphBytes,
  });
  return JSON.parse(stdout) as ModuleGraph;
}

function asset(extension: string, text: string): Asset {
  const mediaType = mediaTypes[extension];
  if (mediaType === undefined) throw new Error(`no media type for ${extension}`);
  const body = Buffer.from(text);
  const compressed = new Map<Encoding, Promise<Buffer>>();
  return {
    mediaType,
    body,
    hash: Buffer.from(sha256(body)).toString("base64url"),
    async encoded(acceptEncoding) {
      const accepted = acceptEncoding.split(",").map((each) => each.trim().toLowerCase());
      const encoding = (Object.keys(encoders) as Encoding[]).find((each) => accepted.includes(each));
      if (!encoding) return { body, encoding };
      if (!compressed.has(encoding)) compressed.set(encoding, encoders[encoding](body));
      return { body: await compressed.get(encoding)!, encoding };
    },
  };
}
