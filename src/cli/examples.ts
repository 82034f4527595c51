import type { Command } from "commander";
import { isClone } from "../config/command.ts";

const ofClone = isClone ? ", in which ccoin stands for npm run -s ccoin --" : "";

/** Adds an `Examples:` section to the command's help. */
export function addExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText(
    "after",
    `\nExamples${ofClone}:\n${examples.map((line) => `  ${line}`).join("\n")}`,
  );
}
