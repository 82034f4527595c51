import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Output of make-page.ts. */
export interface PrintedPage {
  /** CSP sources of its scripts and style sheets, such as `'sha256-…'`. */
  scripts: string[];
  styles: string[];
  /** Base64 of its SHA-256. */
  hash: string;
  /** The whole page as it is sent, by content coding, better ones first; base64. */
  bodies: Record<string, string>;
}

/** A page with all that it needs, in memory. */
export interface Page extends Omit<PrintedPage, "bodies"> {
  /** Its bytes and their content coding: the best that an `accept-encoding` header allows, or `identity`. */
  encoded(acceptEncoding: string): { body: Uint8Array<ArrayBuffer>; coding: string };
}

/** Several times what the explorer has. */
const maxPrintedBytes = 16 * 2 ** 20;

/** The page src/<folder>/index.html. Made by a process of its own: the memory that this takes goes with it. */
export async function loadPage(folder: string): Promise<Page> {
  const script = fileURLToPath(new URL(`./make-page${extname(import.meta.url)}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder], {
    maxBuffer: maxPrintedBytes,
  });
  const { bodies, ...page } = JSON.parse(stdout) as PrintedPage;
  const byCoding = new Map(
    Object.entries(bodies).map(([coding, text]) => [coding, new Uint8Array(Buffer.from(text, "base64"))]),
  );
  return {
    ...page,
    encoded(acceptEncoding) {
      const accepted = acceptEncoding.split(",").map((each) => each.trim().toLowerCase());
      const coding = [...byCoding.keys()].find((each) => accepted.includes(each)) ?? "identity";
      return { body: byCoding.get(coding)!, coding };
    },
  };
}
