import type { CommandWords } from "./words.ts";

/** Makes the script for bash, which completes file names if no word fits. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== "");
  const cases = commands.map(({ path, options, commands: own, choices }) => {
    const words = [...own.map(({ name }) => name), ...choices, ...options.map(({ long }) => long)];
    return `    "${path}") words="${words.join(" ")}" ;;`;
  });
  return `# ccoin completion for bash: source <(ccoin completion bash)
_ccoin() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths.map((path) => `"${path}"`).join(" | ")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _ccoin ccoin
`;
}
