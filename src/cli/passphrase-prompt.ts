import { existsSync } from "node:fs";
import type { NodePaths } from "../config/index.ts";
import { UserError } from "../util/errors.ts";

/** Value of `--passphrase-file` that asks for the passphrase. */
const askSign = "-";

/** Streams of a terminal, or of the pipes in its place. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  output: NodeJS.WritableStream;
}

/** Source of an account's passphrase, as a part of `AccountOptions`. */
export interface GivenPassphrase {
  passphraseFile?: string | undefined;
  passphrase?: string;
}

/**
 * Resolves to the file, or with `-` to the passphrase itself: the user types it, twice for a new account, or a pipe
 * gives it as its first line.
 * @throws {UserError} `NO_PASSPHRASE`
 */
export async function givenPassphrase(
  file: string | undefined,
  paths: Pick<NodePaths, "account">,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<GivenPassphrase> {
  if (file !== askSign) return { passphraseFile: file };
  const passphrase = await ask("passphrase: ", terminal);
  if (passphrase === "") throw new UserError("the passphrase is empty", "NO_PASSPHRASE");
  const isNew = !existsSync(paths.account);
  if (isNew && terminal.input.isTTY && (await ask("repeat the passphrase: ", terminal)) !== passphrase)
    throw new UserError("the two passphrases differ: no account was made", "NO_PASSPHRASE");
  return { passphrase };
}

/** Reads a line without showing it on the terminal. */
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

/** The characters that a terminal in raw mode sends for these keys. */
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
