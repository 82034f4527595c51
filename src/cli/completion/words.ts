import type { Command, Option } from "commander";

/** The words that can follow a command. */
export interface CommandWords {
  /** The command's names, such as `propose add`; empty for the program itself. */
  path: string;
  options: readonly Option[];
  /** Its subcommands. */
  commands: readonly { name: string; description: string }[];
  /** The values of its arguments, if they are a fixed list. */
  choices: readonly string[];
}

/** Lists the program first, then each command, followed by its subcommands. */
export function commandWords(program: Command): CommandWords[] {
  const globals = program.options.filter(({ long }) => long !== "--version");
  const visit = (command: Command, path: string): CommandWords[] => {
    const commands = command.commands.map((each) => ({
      name: each.name(),
      description: each.description(),
    }));
    const options = path === "" ? program.options : [...command.options, ...globals];
    const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    const own = { path, options: withHelp(command, options), commands, choices };
    return [own, ...command.commands.flatMap((each) => visit(each, `${path} ${each.name()}`.trim()))];
  };
  return visit(program, "");
}

function withHelp(command: Command, options: readonly Option[]): Option[] {
  return [...options, command.createOption("-h, --help", "print this help")];
}

export function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}
