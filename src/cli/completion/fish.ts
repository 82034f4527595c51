import { type CommandWords, takesValue } from "./words.ts";

export function fishCompletion(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, options, commands: own, choices }) => {
    const names = own.map(({ name }) => name).join(" ");
    const isHere = path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = path === "" ? "" : isHere.join("; and ");
    const among = [condition, names && `not __fish_seen_subcommand_from ${names}`]
      .filter(Boolean)
      .join("; and ");
    return [
      ...own.map(({ name, description }) => line(among, "-f", `-a ${name}`, description)),
      ...choices.map((choice) => line(condition, "-f", `-a ${choice}`, "")),
      ...options.map((option) => {
        const short = option.short ? ` -s ${option.short.slice(1)}` : "";
        return line(
          path === "" ? among : condition,
          `-l ${option.long!.slice(2)}${short}`,
          takesValue(option) ? "-r" : "",
          option.description,
        );
      }),
    ];
  });
  return `# ccoin completion for fish: ccoin completion fish | source\n${lines.join("\n")}\n`;
}

function line(condition: string, ...rest: [string, string, string]): string {
  const [first, second, description] = rest;
  const parts = [
    condition && `-n ${quoted(condition)}`,
    first,
    second,
    description && `-d ${quoted(description)}`,
  ];
  return `complete -c ccoin ${parts.filter((part) => part !== "").join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
