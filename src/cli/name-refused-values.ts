import { type Argument, type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "./output.ts";

/**
 * Makes each error about a value name its option or argument in this program's words: `--nodeid: must be a whole number
 * from 1 to 1000`. Commander would wrap the reason in a sentence of its own. `hint` says where to find help.
 */
export function nameRefusedValues(command: Command, hint: () => string): void {
  for (const each of [...command.options, ...command.registeredArguments]) {
    const { parseArg, argChoices } = each;
    if (!parseArg) continue;
    each.parseArg = <T>(value: string, previous: T): T => {
      try {
        return parseArg.call(each, value, previous) as T;
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        const reason = argChoices ? `allowed choices are ${argChoices.join(", ")}` : error.message;
        throw new UsageError(`${nameOf(each)}: ${reason}: ${hint()}`);
      }
    };
  }
  for (const each of command.commands) nameRefusedValues(each, hint);
}

function nameOf(each: Option | Argument): string {
  return each instanceof Option ? (each.long ?? each.flags) : `<${each.name()}>`;
}
