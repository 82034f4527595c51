import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { type CommandWords, commandWords } from "../completion/words.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { addExamples } from "../examples.ts";
import type { GlobalOptions } from "../options.ts";
import { printResult } from "../output.ts";

const shells: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The scripts complete the words of `ccoin`, which is an alias or the program that npm link installs. */
export function addCompletionCommand(command: Command): void {
  command
    .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
    .action((shell: string, _options, self: Command) => {
      const script = shells[shell]!(commandWords(command.parent!));
      printResult(self.optsWithGlobals<GlobalOptions>().json, { shell, script }, script.trimEnd());
    });
  addExamples(
    command,
    "ccoin completion bash >~/.local/share/bash-completion/completions/ccoin",
    "source <(ccoin completion zsh)      # in ~/.zshrc, after compinit",
    "ccoin completion fish | source      # in config.fish",
  );
}
