import { existsSync } from "node:fs";
import type { NodePaths } from "../config/index.ts";
import { UserError } from "../util/errors.ts";

/** As `--passphrase-file`: ask for it. */
const askSign = "-";

/** A terminal, or what stands for it. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  output: NodeJS.WritableStream;
}

/** Source of an account's passphrase, for `AccountOptions`. */
export interface GivenPassphrase {
  passphraseFile?: string | undefined;
  passphrase?: string;
}

/**
 * With `-` for a file the passphrase is typed, twice for an account that is still to be made, or comes as the first line of a pipe.
 * @throws {UserError} `NO_PASSPHRASE`
 */
export async function givenPassphrase(
  file: string | undefined,
  paths: Pick<NodePaths, "account">,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<GivenPassphrase> {
  if (file !== askSign) return { passphraseFile: file };
  const passphrase = await ask("passphrase: ", terminal);
  if (passphrase === "") throw new UserError("no passphrase was given", "NO_PASSPHRASE");
  const isNew = !existsSync(paths.account);
  if (isNew && terminal.input.isTTY && (await ask("the same again: ", terminal)) !== passphrase)
    throw new UserError("these were two different passphrases: nothing was made", "NO_PASSPHRASE");
  return { passphrase };
}

/** A line that a terminal does not show. */
async function ask(question: string, { input, output }: Terminal): Promise<string> {
  if (input.isTTY) output.write(question);
  input.setRawMode?.(true);
  try {
    return await readLine(input);
  } finally {
    input.setRawMode?.(false);
    input.pause();
    if (input.isTTY) output.write("\n");
  }
}

/** Characters that a terminal sends in raw mode for these keys. */
const keys = { enter: /[\r\n]/, interrupt: "\u0003", endOfInput: "\u0004", backspace: /[\b\u007f]/ };

function readLine(input: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let typed: string[] = [];
    const finish = (settle: () => void) => {
      input.off("data", onData);
      input.off("end", onEnd);
      settle();
    };
    const onEnd = () => finish(() => resolve(typed.join("")));
    const onData = (chunk: Buffer | string) => {
      const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
      for (const key of text) {
        if (keys.enter.test(key) || key === keys.endOfInput) return onEnd();
        if (key === keys.interrupt)
          return finish(() => reject(new UserError("interrupted", "NO_PASSPHRASE")));
        if (keys.backspace.test(key)) typed = typed.slice(0, -1);
        else typed.push(key);
      }
    };
    input.on("data", onData);
    input.on("end", onEnd);
    input.resume();
  });
}
