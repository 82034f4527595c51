import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { commandLine } from "../config/command.ts";
import type { NodePaths } from "../config/paths.ts";
import { type Address, encodeAddress } from "../crypto/address.ts";
import { createFile, exists } from "../util/atomic-file.ts";
import { CodedError, codeOf, messageOf, UserError } from "../util/errors.ts";
import {
  type Keystore,
  openKeystore,
  parseKeystore,
  type ScryptParameters,
  sealKeystore,
} from "./keystore.ts";
import { ensurePassphrase, passphraseSource, readPassphrase } from "./passphrase.ts";
import { type Signer, signerFromSeed } from "./signer.ts";

type AccountPaths = Pick<NodePaths, "account" | "passphrase">;

export interface AccountOptions {
  paths: AccountPaths;
  /** Takes precedence over `CCOIN_PASSPHRASE_FILE` and the kept passphrase. */
  passphraseFile?: string | undefined;
  /** A passphrase that a person typed. It takes precedence over every file. */
  passphrase?: string | undefined;
}

export interface CreateAccountOptions extends AccountOptions {
  /** An amount in base units, noted in the account file for `ccoin genesis`. */
  genesisBalance?: bigint;
  /** Tests set a lower cost. */
  scrypt?: ScryptParameters;
}

export interface CreatedAccount {
  signer: Signer;
  /** The file of the random passphrase that was generated for this account; undefined if one was given or kept. */
  madePassphraseFile?: string;
}

/** The part of an account file that is readable without its passphrase. */
export interface AccountInfo {
  publicKey: Uint8Array;
  address: Address;
  genesisBalance: bigint;
}

/** @throws {UserError} `ACCOUNT_EXISTS`; the existing account stays as it is. */
export async function createAccount(options: CreateAccountOptions): Promise<CreatedAccount> {
  const { paths, genesisBalance, scrypt } = options;
  if (await exists(paths.account)) throw await existsError(paths);
  const seed = new Uint8Array(randomBytes(32));
  try {
    // The passphrase is written first: an account without it would be lost.
    const { passphrase, made } = await ensurePassphrase(source(options));
    const text = await sealKeystore(seed, passphrase, { genesisBalance, scrypt });
    // An account that cannot be opened would be lost.
    await openKeystore(parseKeystore(text), passphrase);
    await createFile(paths.account, text);
    return { signer: signerFromSeed(seed), ...(made && { madePassphraseFile: paths.passphrase }) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error) === "EEXIST") throw await existsError(paths);
    throw new UserError(`cannot write ${paths.account}: ${messageOf(error)}`, "CANNOT_WRITE", {
      cause: error,
    });
  }
}

/** @throws {UserError} `NO_ACCOUNT`, `DAMAGED_KEYSTORE`. */
export async function readAccountInfo(paths: AccountPaths): Promise<AccountInfo> {
  const { address, genesisBalance } = await readKeystore(paths);
  return { publicKey: address, address: encodeAddress(address), genesisBalance };
}

/** @throws {UserError} `NO_ACCOUNT`, `DAMAGED_KEYSTORE`, `NO_PASSPHRASE`, `WRONG_PASSPHRASE`. */
export async function openAccount(options: AccountOptions): Promise<Signer> {
  const { paths } = options;
  const keystore = await readKeystore(paths);
  const from = source(options);
  const passphrase = await readPassphrase(from);
  try {
    return signerFromSeed(await openKeystore(keystore, passphrase));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    if (error.code === "DAMAGED_KEYSTORE") throw damagedError(paths, error);
    throw new UserError(
      `the passphrase ${from.typed === undefined ? `in ${from.given ?? from.kept} ` : ""}does not open ${paths.account}: give the right one with ` +
        "--passphrase-file, or restore the account file from a backup if it is damaged",
      "WRONG_PASSPHRASE",
      { cause: error },
    );
  }
}

/** Opens the account, or creates it if there is none, so that a node starts without preparation. */
export async function openOrCreateAccount(
  options: CreateAccountOptions,
): Promise<CreatedAccount & { created: boolean }> {
  if (await exists(options.paths.account)) return { signer: await openAccount(options), created: false };
  return { ...(await createAccount(options)), created: true };
}

async function readKeystore(paths: AccountPaths): Promise<Keystore> {
  let text: string;
  try {
    text = await readFile(paths.account, "utf8");
  } catch (error) {
    const missing = codeOf(error) === "ENOENT";
    throw new UserError(
      missing
        ? `there is no account in ${paths.account}: make one with "${commandLine("create-account")}", or name another folder with --datadir`
        : `cannot read ${paths.account}: ${messageOf(error)}`,
      missing ? "NO_ACCOUNT" : "CANNOT_READ",
      { cause: error },
    );
  }
  try {
    return parseKeystore(text);
  } catch (error) {
    throw damagedError(paths, error);
  }
}

function source({ paths, passphraseFile, passphrase }: AccountOptions) {
  return passphraseSource(paths.passphrase, passphraseFile, passphrase);
}

function damagedError(paths: AccountPaths, error: unknown): UserError {
  return new UserError(
    `${paths.account} cannot be used: ${messageOf(error)}; restore it from a backup, or move it away to make another`,
    "DAMAGED_KEYSTORE",
    { cause: error },
  );
}

async function existsError(paths: AccountPaths): Promise<UserError> {
  const whose = await readAccountInfo(paths).then(
    (info) => ` (${info.address})`,
    () => "",
  );
  return new UserError(
    `there is already an account in ${paths.account}${whose}: use it, or choose another node id; nothing was changed`,
    "ACCOUNT_EXISTS",
  );
}
