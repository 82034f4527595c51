import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../docs/operating.md", import.meta.url), "utf8");

export interface Transcript {
  command: string;
  /** The lines that the page shows, as `shaped` returns them. It may omit others. */
  lines: string[];
}

/** The longest line that the page does not wrap, less a word or two. */
const wrapsFrom = 90;

/** Joins the lines of a text that the page has wrapped: the rest of a line is indented by two spaces. */
function unwrapped(text: string): string[] {
  const lines: string[] = [];
  let length = 0;
  for (const line of text.split("\n")) {
    if (/^ {2}[^ ]/.test(line) && !line.startsWith("  ->") && length >= wrapsFrom)
      lines[lines.length - 1] += ` ${line.trim()}`;
    else lines.push(line);
    length = line.length;
  }
  return lines;
}

/**
 * Returns the lines of an output without what differs from run to run: ids, addresses, heights, times, votes,
 * alignment.
 */
export function shaped(output: string): string[] {
  return unwrapped(output)
    .map((line) =>
      line
        .replaceAll(/\b0x[0-9a-f]+(…[0-9a-f]+)?/g, "<id>")
        .replaceAll(/\bcc1[0-9a-z]+…?/g, "<address>")
        .replaceAll(/([0-9A-F]{2}:){31}[0-9A-F]{2}/g, "<fingerprint>")
        .replaceAll(/\b[\d.]+ (s|ms)\b/g, "<time>")
        .replaceAll(/\b\d+( of \d+ votes so far)/g, "<votes>$1")
        .replaceAll(/(left blocks +)\d+ to \d+/g, "$1<heights>")
        .replaceAll(
          /((?:height|block|head|finalized|up to height|final up to|final block) +)\d+/g,
          "$1<height>",
        )
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "");
}

/** All transcripts of docs/operating.md, in order. */
export const transcripts: Transcript[] = [...page.matchAll(/^```(?:text)?\n(\$ [\s\S]*?)^```/gm)].flatMap(
  ([, block]) =>
    block!
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command, ...output] = text.split("\n");
        return { command: command!.replace(/ +# .*/, ""), lines: shaped(output.join("\n")) };
      }),
);

/** Returns the lines that the page shows for a command, and in an output those of its lines that the page shows. */
export function compared(
  command: string,
  output: string,
  occurrence = 0,
): { shown: string[]; printed: string[] } {
  const transcript = transcripts.filter((each) => each.command === command)[occurrence];
  if (!transcript) throw new Error(`docs/operating.md does not show ${command}`);
  const { lines: shown } = transcript;
  return { shown, printed: shaped(output).filter((line) => shown.includes(line)) };
}
