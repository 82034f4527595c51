import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ccoinHere, oneLine } from "./ccoin.ts";

async function script(shell: string): Promise<string> {
  const { code, stdout } = await ccoinHere(["completion", shell]);
  expect(code).toBe(0);
  return stdout;
}

describe("completion", () => {
  it.each<[string, string]>([
    ["ccoin st", "start status statement"],
    ["ccoin start --no", "--nodeid --no-mdns --no-mine"],
    ["ccoin propose ", "add remove set list drop --datadir --json --help"],
    ["ccoin propose add --n", "--nodeid"],
    ["ccoin --datadir folder sta", "start status statement"],
    ["ccoin start --bootstrap x --genesis-", "--genesis-timeout"],
    ["ccoin completion ", "bash zsh fish --datadir --json --help"],
    ["ccoin nonsense", ""],
  ])("completes in bash: %s", async (line, expected) => {
    const words = line.split(" ");
    const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ccoin; echo "\${COMPREPLY[*]}"`;
    const source = `${await script("bash")}\n${ask}`;
    expect(
      execFileSync("bash", ["-c", source, "bash", ...words])
        .toString()
        .trim(),
    ).toBe(expected);
  });

  it.each(["bash", "zsh", "fish"])("%s knows every command and option", async (shell) => {
    const text = await script(shell);
    const help = async (...command: string[]) => (await ccoinHere([...command, "--help"])).stdout;
    const commands = [...(await help()).matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name!);
    expect(commands.length).toBeGreaterThan(12);
    for (const command of commands.filter((name) => !["help", "ccoin"].includes(name))) {
      expect(text, command).toMatch(new RegExp(`\\b${command}\\b`));
      for (const [, option] of (await help(command)).matchAll(/^ {2}(?:-\w, )?--([a-z][a-z0-9-]*)/gm))
        if (option !== "version")
          expect(text, `${command} --${option}`).toMatch(new RegExp(`(--|-l )${option}\\b`));
    }
  });

  it("quotes characters that shells interpret", async () => {
    expect(await script("zsh")).toContain(
      `'--fee=[fee for the block'\\''s proposer (default\\: the least that is accepted)]:fee:_files'`,
    );
    expect(await script("fish")).toContain(
      `-l fee -r -d 'fee for the block\\'s proposer (default: the least that is accepted)'`,
    );
  });

  it("prints the script as JSON", async () => {
    const { stdout } = await ccoinHere(["completion", "fish", "--json"]);
    expect(oneLine(stdout)).toMatchObject({
      shell: "fish",
      script: expect.stringContaining("complete -c ccoin"),
    });
  });

  it("refuses an unknown shell as wrong usage", async () => {
    const { code, stderr } = await ccoinHere(["completion", "csh"]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "<shell>: allowed choices are bash, zsh, fish: see npm run -s ccoin -- completion --help",
    );
  });
});
