import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * Parses the arguments of a program. `--help` prints the comment at the top of its file and ends the process with code
 * 0; an argument that it does not know ends it with code 2 and says which one.
 */
export function scriptArgs<T extends ParseArgsConfig>(
  file: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes("--help")) {
    console.log(usageOf(readFileSync(file, "utf8")));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return refuseArgs((error as Error).message.split(". ")[0]!);
  }
}

/** Ends the process with code 2, because its arguments are wrong. */
export function refuseArgs(reason: string): never {
  console.error(`${reason}; --help shows the options`);
  process.exit(2);
}

/** Returns the text of the first comment of a file. */
export function usageOf(source: string): string {
  const [, comment] = /\/\*\*\n(.*?)\n \*\//s.exec(source)!;
  return comment!.replaceAll(/^ \* ?/gm, "");
}
