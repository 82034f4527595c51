import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const codeOrLink = /^```.*?^```|`[^`\n]*`|(?<!!)\[([^\]]*)\]\(([^)\s]+)\)/gms;

/** Leaves only the text of those links in Markdown files that lead to files which the folder does not hold. */
export function unlinkMissing(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".md")) continue;
    const path = join(folder, file);
    const isThere = (target: string) => existsSync(join(dirname(path), target.replace(/#.*/, "")));
    const text = readFileSync(path, "utf8").replaceAll(codeOrLink, (all, label?: string, target?: string) =>
      target === undefined || /^(#|[a-z]+:)/.test(target) || isThere(target) ? all : label!,
    );
    writeFileSync(path, text);
  }
}
