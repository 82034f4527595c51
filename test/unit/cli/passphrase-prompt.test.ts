import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { givenPassphrase } from "../../../src/cli/passphrase-prompt.ts";

const noAccount = { account: "/nonexistent/account.json" };
const someAccount = { account: import.meta.filename };

/** Makes a terminal at which each of these lines is typed when it is asked for. */
function typing(lines: string[], isTTY = true) {
  const waiting = [...lines];
  let shown = "";
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode(mode: boolean) {
      raw.push(mode);
      const next = mode ? waiting.shift() : undefined;
      if (next !== undefined) setImmediate(() => input.write(next));
    },
  });
  const output = new PassThrough();
  output.on("data", (chunk) => {
    shown += chunk;
  });
  return { terminal: { input, output }, raw, shown: () => shown };
}

describe("--passphrase-file=-", () => {
  test("reads a typed passphrase without showing it", async () => {
    const { terminal, raw, shown } = typing(["se crét\r"]);
    expect(await givenPassphrase("-", someAccount, terminal)).toEqual({ passphrase: "se crét" });
    expect(shown()).toBe("passphrase: \n");
    expect(raw).toEqual([true, false]);
  });

  test("deletes a whole character on backspace", async () => {
    const { terminal } = typing(["ab😀\u007fc\r"]);
    expect(await givenPassphrase("-", someAccount, terminal)).toEqual({ passphrase: "abc" });
  });

  test("asks twice for the passphrase of a new account, and compares", async () => {
    const same = typing(["secret\r", "secret\r"]);
    expect(await givenPassphrase("-", noAccount, same.terminal)).toEqual({ passphrase: "secret" });
    const other = typing(["secret\r", "sceret\r"]);
    await expect(givenPassphrase("-", noAccount, other.terminal)).rejects.toThrow(
      "the two passphrases differ",
    );
  });

  test.each([
    ["nothing", "\r"],
    ["the end of input", "\u0004"],
    ["Ctrl-C", "secret\u0003"],
  ])("refuses %s as a passphrase", async (_, typed) => {
    const { terminal, raw } = typing([typed]);
    await expect(givenPassphrase("-", someAccount, terminal)).rejects.toMatchObject({
      code: "NO_PASSPHRASE",
    });
    expect(raw).toEqual([true, false]);
  });

  test("reads the first line of a pipe", async () => {
    const input = new PassThrough();
    input.end("secret\nmore\n");
    const terminal = { input, output: new PassThrough() };
    expect(await givenPassphrase("-", noAccount, terminal)).toEqual({ passphrase: "secret" });
  });
});

test("a file name is returned unchanged", async () => {
  expect(await givenPassphrase("secret.txt", noAccount)).toEqual({ passphraseFile: "secret.txt" });
  expect(await givenPassphrase(undefined, noAccount)).toEqual({ passphraseFile: undefined });
});
