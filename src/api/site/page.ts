import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The output of make-page.ts. */
export interface PrintedPage {
  /** The CSP sources of its scripts and style sheets, such as `'sha256-…'`. */
  scripts: string[];
  styles: string[];
  /** The base64 of its SHA-256. */
  hash: string;
  /** The whole page as it is sent, in base64, by content coding, better ones first. */
  bodies: Record<string, string>;
}

/** A page with everything that it needs, in memory. */
export interface Page extends Omit<PrintedPage, "bodies"> {
  /**
   * The bytes of the page and their content coding: the best that an `accept-encoding` header allows, or `identity`.
   */
  encoded(acceptEncoding: string): { body: Uint8Array<ArrayBuffer>; coding: string };
}

/** Several times the size of the explorer. */
const maxPrintedBytes = 16 * 2 ** 20;

/**
 * Loads the page src/<folder>/index.html. A process of its own makes it, so that the memory that this takes is
 * returned.
 */
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
