import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ensurePassphrase, passphraseSource, readPassphrase } from "../../../src/accounts/passphrase.ts";

const variable = "CCOIN_PASSPHRASE_FILE";

/** A folder without a kept passphrase. */
function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "passphrase-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const kept = join(folder, "passphrase");
  const write = (text: string, name = "passphrase") => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { kept, write };
}

test("takes the file of the option, then that of the environment unless its name is empty", () => {
  expect(passphraseSource("kept", "option", undefined, { [variable]: "variable" }).given).toBe("option");
  expect(passphraseSource("kept", undefined, "typed", { [variable]: "variable" })).toEqual({
    kept: "kept",
    given: "variable",
    typed: "typed",
  });
  expect(passphraseSource("kept", undefined, undefined, { [variable]: "" }).given).toBeUndefined();
  expect(passphraseSource("kept", undefined, undefined, {}).given).toBeUndefined();
});

test.each([
  ["one\n", "one"],
  ["one\r\n", "one"],
  ["one", "one"],
  ["\none\n\n", "\none\n"],
  [" one \n", " one "],
])("a file with %j has the passphrase %j", async (text, passphrase) => {
  const { kept, write } = setUp();
  write(text);
  expect(await readPassphrase({ kept })).toBe(passphrase);
});

test("an empty or a missing file has no passphrase, and a text says which one is meant", async () => {
  const { kept, write } = setUp();
  await expect(readPassphrase({ kept })).rejects.toMatchObject({
    code: "NO_PASSPHRASE",
    message: expect.stringContaining(`no passphrase in ${kept}`),
  });
  write("\n");
  await expect(readPassphrase({ kept })).rejects.toMatchObject({ code: "NO_PASSPHRASE" });
  await expect(ensurePassphrase({ kept })).rejects.toMatchObject({ code: "NO_PASSPHRASE" });
  await expect(readPassphrase({ kept, given: `${kept}.not` })).rejects.toMatchObject({
    code: "NO_PASSPHRASE",
    message: expect.stringContaining(`cannot read the passphrase file ${kept}.not`),
  });
});

test("a passphrase is made once where none is typed, given or kept", async () => {
  const { kept, write } = setUp();
  const given = write("given\n", "given");
  expect(await ensurePassphrase({ kept, typed: "", given })).toEqual({ passphrase: "", made: false });
  expect(await ensurePassphrase({ kept, given })).toEqual({ passphrase: "given", made: false });
  const { passphrase, made } = await ensurePassphrase({ kept });
  expect(made).toBe(true);
  // 24 random bytes.
  expect(passphrase).toMatch(/^[\w-]{32}$/);
  expect(readFileSync(kept, "utf8")).toBe(`${passphrase}\n`);
  expect(await ensurePassphrase({ kept })).toEqual({ passphrase, made: false });
});

test("calls at the same time agree on the passphrase of the fastest", async () => {
  const { kept } = setUp();
  const all = await Promise.all(Array.from({ length: 4 }, () => ensurePassphrase({ kept })));
  expect(all.filter(({ made }) => made)).toHaveLength(1);
  expect(new Set(all.map(({ passphrase }) => passphrase)).size).toBe(1);
});

test("reports a passphrase file that cannot be written as an error", async () => {
  const { write } = setUp();
  const file = write("", "file");
  await expect(ensurePassphrase({ kept: join(file, "passphrase") })).rejects.toMatchObject({
    code: "ENOTDIR",
  });
});
