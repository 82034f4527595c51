import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A text that scripts/make-page.ts has made. */
export interface MadeFile {
  /** The base64 of its SHA-256. */
  hash: string;
  /** The whole text as it is sent, in base64, by content coding, better ones first. */
  bodies: Record<string, string>;
}

/** The output of scripts/make-page.ts. */
export interface MadePage extends MadeFile {
  /** The CSP sources of its scripts and style sheets, such as `'sha256-…'`. */
  scripts: string[];
  styles: string[];
  /** Scripts that the page fetches when it needs them, by name. */
  later: Record<string, MadeFile>;
}

/** A text in memory. */
export interface ServedFile {
  hash: string;
  /** The bytes in the best content coding that an `accept-encoding` header allows, or `identity`. */
  encoded(acceptEncoding: string): { body: Uint8Array<ArrayBuffer>; coding: string };
}

/** A page with everything that it needs. */
export interface Page extends ServedFile, Pick<MadePage, "scripts" | "styles"> {
  later: ReadonlyMap<string, ServedFile>;
}

/** The clone's folder, or the package's. */
const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Reads `build/explorer.json`, which is made when the package is built and before `npm start` in a clone
 * (scripts/setup.mjs). In a clone whose node is started without npm, a process of its own makes the file once: esbuild
 * takes much memory.
 * @throws where there is neither a page nor the program that makes it
 */
export async function loadPage(root = projectRoot): Promise<Page> {
  const file = join(root, "build/explorer.json");
  const script = join(root, "scripts/make-page.ts");
  if (!existsSync(file)) {
    if (!existsSync(script)) throw new Error(`${file} is missing`);
    await promisify(execFile)(process.execPath, [script, file]);
  }
  const { scripts, styles, later, ...page } = JSON.parse(await readFile(file, "utf8")) as MadePage;
  const files = Object.entries(later).map(([name, made]) => [name, served(made)] as const);
  return { scripts, styles, ...served(page), later: new Map(files) };
}

function served({ hash, bodies }: MadeFile): ServedFile {
  const byCoding = new Map(
    Object.entries(bodies).map(([coding, text]) => [coding, new Uint8Array(Buffer.from(text, "base64"))]),
  );
  return {
    hash,
    encoded(acceptEncoding) {
      const accepted = acceptEncoding.split(",").map((each) => each.trim().toLowerCase());
      const coding = [...byCoding.keys()].find((each) => accepted.includes(each)) ?? "identity";
      return { body: byCoding.get(coding)!, coding };
    },
  };
}
