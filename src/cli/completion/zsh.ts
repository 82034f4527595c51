import type { Option } from "commander";
import { type CommandWords, takesValue } from "./words.ts";

export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef ccoin
# ccoin completion for zsh: source <(ccoin completion zsh)
${commands.map(commandFunction).join("\n")}
compdef _ccoin ccoin
`;
}

function commandFunction({ path, options, commands, choices }: CommandWords): string {
  const specs = options.map((option) => `    ${optionSpec(option)}`);
  if (commands.length === 0) {
    return `${functionName(path)}() {
  _arguments \\
${[...specs, `    '*:argument:${choices.length > 0 ? `(${choices.join(" ")})` : "_files"}'`].join(" \\\n")}
}`;
  }
  const described = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = commands.map(({ name }) => `        ${name}) ${functionName(`${path} ${name}`)} ;;`);
  return `${functionName(path)}() {
  local state
  local -a commands=(
${described.join("\n")}
  )
  _arguments -C \\
${specs.join(" \\\n")} \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join("\n")}
      esac
      ;;
  esac
}`;
}

function functionName(path: string): string {
  return ["_ccoin", ...path.split(" ").filter((word) => word !== "")].join("_");
}

/** Formats an option as zsh's `_arguments` reads it: `'--port=[for other nodes]:port'`. */
function optionSpec(option: Option): string {
  const { long, description } = option;
  const text = description.replace(/[[\]:\\]/g, "\\$&");
  return quoted(
    takesValue(option) ? `${long}=[${text}]:${option.attributeName()}:_files` : `${long}[${text}]`,
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
