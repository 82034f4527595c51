import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createFile, exists } from "../util/atomic-file.ts";
import { codeOf, messageOf, UserError } from "../util/errors.ts";

/** The variable that names a passphrase file if no option does. */
const passphraseFileVariable = "CCOIN_PASSPHRASE_FILE";

export interface PassphraseSource {
  /** The passphrase itself, typed by a person. */
  typed?: string | undefined;
  /** A file named by the option or the environment. */
  given?: string | undefined;
  /** The file used if none is given: `NodePaths.passphrase`. */
  kept: string;
}

/** A typed passphrase takes precedence over a file, and a file given by option or environment over the kept one. */
export function passphraseSource(
  kept: string,
  option: string | undefined,
  typed?: string,
  environment: NodeJS.ProcessEnv = process.env,
): PassphraseSource {
  return { kept, typed, given: option ?? (environment[passphraseFileVariable] || undefined) };
}

/** @throws {UserError} `NO_PASSPHRASE` if the file does not exist or is empty. */
export async function readPassphrase({ typed, given, kept }: PassphraseSource): Promise<string> {
  if (typed !== undefined) return typed;
  const path = given ?? kept;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = given
      ? `cannot read the passphrase file ${given} (${messageOf(error)})`
      : `there is no passphrase in ${kept}: name its file with --passphrase-file or ${passphraseFileVariable}`;
    throw new UserError(reason, "NO_PASSPHRASE", { cause: error });
  }
  // Editors and echo end a file with a line break that does not belong to the passphrase.
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase === "") {
    throw new UserError(`the passphrase file ${path} is empty: write a passphrase into it`, "NO_PASSPHRASE");
  }
  return passphrase;
}

/**
 * The given passphrase, or otherwise the kept one, which is generated at random if there is none. `made` tells whether
 * this call generated it, so that people can be told once.
 */
export async function ensurePassphrase(
  source: PassphraseSource,
): Promise<{ passphrase: string; made: boolean }> {
  if (source.typed !== undefined || source.given || (await exists(source.kept))) {
    return { passphrase: await readPassphrase(source), made: false };
  }
  // 192 bits.
  const passphrase = randomBytes(24).toString("base64url");
  try {
    await createFile(source.kept, `${passphrase}\n`);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // Another process was faster, so its passphrase applies.
    return { passphrase: await readPassphrase(source), made: false };
  }
  return { passphrase, made: true };
}
