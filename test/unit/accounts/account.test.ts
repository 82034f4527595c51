import { createCipheriv, scryptSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createAccount,
  openAccount,
  openOrCreateAccount,
  readAccountInfo,
} from "../../../src/accounts/index.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";

/** The cheapest parameters of scrypt. */
const scrypt = { n: 2, r: 1, p: 1 };

let folder: string;
let paths: ReturnType<typeof nodePaths>;

beforeEach(() => {
  vi.stubEnv("CCOIN_PASSPHRASE_FILE", "");
  folder = mkdtempSync(join(tmpdir(), "ccoin-account-"));
  paths = nodePaths(folder, 1);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function passphraseFile(text: string, name = "given"): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function editAccount(change: (account: Record<string, unknown>) => void): void {
  const account = JSON.parse(readFileSync(paths.account, "utf8"));
  change(account);
  writeFileSync(paths.account, JSON.stringify(account));
}

describe("createAccount", () => {
  it("makes an account that opens again with the passphrase it made", async () => {
    const made = await createAccount({ paths, scrypt, genesisBalance: 120n });
    expect(made.madePassphraseFile).toBe(paths.passphrase);
    const signer = await openAccount({ paths });
    expect(signer.address).toBe(made.signer.address);
    const root = new Uint8Array(32).fill(7);
    const signature = await signer.sign(root);
    expect(await verifySignatures([{ publicKey: made.signer.publicKey, message: root, signature }])).toEqual([
      true,
    ]);
  });

  it("notes address and balance readable without the passphrase", async () => {
    const { signer } = await createAccount({ paths, scrypt, genesisBalance: 2n ** 64n - 1n });
    rmSync(paths.passphrase);
    expect(await readAccountInfo(paths)).toEqual({
      address: signer.address,
      publicKey: signer.publicKey,
      genesisBalance: 2n ** 64n - 1n,
    });
  });

  it("leaves only files and folders that their owner alone can read", async () => {
    await createAccount({ paths, scrypt });
    expect(readdirSync(paths.folder).sort()).toEqual(["account.json", "passphrase"]);
    expect(statSync(paths.account).mode & 0o777).toBe(0o600);
    expect(statSync(paths.passphrase).mode & 0o777).toBe(0o600);
    expect(statSync(paths.folder).mode & 0o777).toBe(0o700);
  });

  it("keeps no key in the clear: two accounts of one passphrase share nothing", async () => {
    const file = passphraseFile("same");
    await createAccount({ paths, scrypt, passphraseFile: file });
    const other = nodePaths(folder, 2);
    await createAccount({ paths: other, scrypt, passphraseFile: file });
    const [a, b] = [paths, other].map((each) => JSON.parse(readFileSync(each.account, "utf8")));
    expect(a.scrypt.salt).not.toBe(b.scrypt.salt);
    expect(a.aes256gcm.nonce).not.toBe(b.aes256gcm.nonce);
    expect(a.aes256gcm.seed).not.toBe(b.aes256gcm.seed);
  });

  it("changes nothing if there is an account", async () => {
    const { signer } = await createAccount({ paths, scrypt });
    const before = [paths.account, paths.passphrase].map((file) => readFileSync(file, "utf8"));
    await expect(createAccount({ paths, scrypt })).rejects.toMatchObject({
      code: "ACCOUNT_EXISTS",
      message: expect.stringContaining(signer.address),
    });
    expect([paths.account, paths.passphrase].map((file) => readFileSync(file, "utf8"))).toEqual(before);
    rmSync(paths.passphrase);
    await expect(createAccount({ paths, scrypt })).rejects.toMatchObject({ code: "ACCOUNT_EXISTS" });
    expect(readdirSync(paths.folder)).toEqual(["account.json"]);
  });

  it("makes no account if the given passphrase cannot be read", async () => {
    const nowhere = join(folder, "nowhere");
    await expect(createAccount({ paths, scrypt, passphraseFile: nowhere })).rejects.toMatchObject({
      code: "NO_PASSPHRASE",
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("takes a typed passphrase before every file", async () => {
    const file = passphraseFile("of the option");
    await createAccount({ paths, scrypt, passphraseFile: file, passphrase: "typed" });
    await openAccount({ paths, passphraseFile: passphraseFile("typed\r\n", "same") });
    await openAccount({ paths, passphrase: "typed" });
    await expect(openAccount({ paths, passphrase: "typed\n" })).rejects.toMatchObject({
      code: "WRONG_PASSPHRASE",
    });
  });

  it("makes one account if several are requested at once", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => createAccount({ paths, scrypt })),
    );
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "ACCOUNT_EXISTS" });
    }
    await openAccount({ paths });
    expect(readdirSync(paths.folder).sort()).toEqual(["account.json", "passphrase"]);
  });

  it("does not touch a file that is no account", async () => {
    await createAccount({ paths, scrypt });
    writeFileSync(paths.account, "garbage");
    await expect(createAccount({ paths, scrypt })).rejects.toMatchObject({
      code: "ACCOUNT_EXISTS",
      message: expect.stringContaining(`${paths.account}: use it`),
    });
    expect(readFileSync(paths.account, "utf8")).toBe("garbage");
  });

  it("uses a given passphrase, by option before environment, and keeps no copy", async () => {
    vi.stubEnv("CCOIN_PASSPHRASE_FILE", passphraseFile("of the environment", "env"));
    const file = passphraseFile("of the option\n");
    const made = await createAccount({ paths, scrypt, passphraseFile: file });
    expect(made.madePassphraseFile).toBeUndefined();
    expect(readdirSync(paths.folder)).toEqual(["account.json"]);
    await openAccount({ paths, passphraseFile: passphraseFile("of the option", "without line break") });
    await expect(openAccount({ paths })).rejects.toMatchObject({ code: "WRONG_PASSPHRASE" });
    vi.stubEnv("CCOIN_PASSPHRASE_FILE", file);
    await openAccount({ paths });
  });

  it("uses a kept passphrase that a crash left without its account", async () => {
    await createAccount({ paths, scrypt });
    const kept = readFileSync(paths.passphrase, "utf8");
    rmSync(paths.account);
    expect((await createAccount({ paths, scrypt })).madePassphraseFile).toBeUndefined();
    expect(readFileSync(paths.passphrase, "utf8")).toBe(kept);
  });

  it("names the path that it cannot write", async () => {
    writeFileSync(join(folder, "file"), "");
    const inFile = nodePaths(join(folder, "file"), 1);
    await expect(createAccount({ paths: inFile, scrypt })).rejects.toMatchObject({ code: "CANNOT_WRITE" });
  });
});

describe("openAccount", () => {
  it("reports a missing account", async () => {
    await expect(openAccount({ paths })).rejects.toMatchObject({
      code: "NO_ACCOUNT",
      message: expect.stringContaining("npm run -s ccoin -- create-account"),
    });
  });

  it("refuses a wrong passphrase and changes nothing", async () => {
    await createAccount({ paths, scrypt });
    const before = readFileSync(paths.account, "utf8");
    await expect(openAccount({ paths, passphraseFile: passphraseFile("wrong") })).rejects.toMatchObject({
      code: "WRONG_PASSPHRASE",
      message: expect.stringContaining("--passphrase-file"),
    });
    expect(readFileSync(paths.account, "utf8")).toBe(before);
  });

  it.each([
    ["missing", undefined],
    ["empty", "\n"],
  ])("says that the passphrase file is %s", async (word, text) => {
    await createAccount({ paths, scrypt });
    const file = text === undefined ? join(folder, "nowhere") : passphraseFile(text);
    const wanted = { code: "NO_PASSPHRASE", message: expect.stringContaining(file) };
    await expect(openAccount({ paths, passphraseFile: file }), word).rejects.toMatchObject(wanted);
  });

  it("says that the kept passphrase is gone", async () => {
    await createAccount({ paths, scrypt });
    rmSync(paths.passphrase);
    await expect(openAccount({ paths })).rejects.toMatchObject({ code: "NO_PASSPHRASE" });
  });

  it.each<[string, (account: Record<string, unknown>) => void, string, string]>([
    ["of another version", (account) => (account["version"] = 2), "DAMAGED_KEYSTORE", "reads version 1"],
    ["with a mistyped address", (account) => (account["address"] = "cc1x"), "DAMAGED_KEYSTORE", "address"],
    ["with an unknown field", (account) => (account["extra"] = 1), "DAMAGED_KEYSTORE", '"extra"'],
    [
      "that asks for too much memory",
      (account) => (account["scrypt"] = { ...(account["scrypt"] as object), n: 2 ** 30 }),
      "DAMAGED_KEYSTORE",
      "memory",
    ],
    [
      "whose cost scrypt refuses",
      (account) => (account["scrypt"] = { ...(account["scrypt"] as object), n: 2 ** 16, r: 1 }),
      "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
      "limit exceeded",
    ],
    [
      "whose cost is no power of two",
      (account) => (account["scrypt"] = { ...(account["scrypt"] as object), n: 3 }),
      "DAMAGED_KEYSTORE",
      "power of two",
    ],
    [
      "with a changed ciphertext",
      (account) => (account["aes256gcm"] = { ...(account["aes256gcm"] as object), seed: "00".repeat(32) }),
      "WRONG_PASSPHRASE",
      "backup",
    ],
  ])("refuses an account file %s", async (_name, change, code, message) => {
    await createAccount({ paths, scrypt });
    editAccount(change);
    await expect(openAccount({ paths })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it("refuses an account file that another address was written into", async () => {
    await createAccount({ paths, scrypt });
    const other = nodePaths(folder, 2);
    const { signer } = await createAccount({ paths: other, scrypt });
    editAccount((account) => (account["address"] = signer.address));
    await expect(openAccount({ paths })).rejects.toMatchObject({ code: "WRONG_PASSPHRASE" });
  });

  it("reports an account file that it cannot read", async () => {
    mkdirSync(paths.account, { recursive: true });
    await expect(openAccount({ paths })).rejects.toMatchObject({ code: "CANNOT_READ" });
  });

  it("calls an account file damaged whose key belongs to another address", async () => {
    await createAccount({ paths, scrypt, passphrase: "secret" });
    editAccount((account) => {
      const { salt } = account["scrypt"] as { salt: string };
      const { nonce } = account["aes256gcm"] as { nonce: string };
      const key = scryptSync("secret", Buffer.from(salt, "hex"), 32, { N: 2, r: 1, p: 1 });
      const cipher = createCipheriv("aes-256-gcm", key, Buffer.from(nonce, "hex"));
      cipher.setAAD(Buffer.from(account["address"] as string));
      const seed = Buffer.concat([cipher.update(new Uint8Array(32)), cipher.final()]).toString("hex");
      account["aes256gcm"] = { nonce, seed, tag: cipher.getAuthTag().toString("hex") };
    });
    await expect(openAccount({ paths, passphrase: "secret" })).rejects.toMatchObject({
      code: "DAMAGED_KEYSTORE",
      message: expect.stringContaining(paths.account),
    });
  });

  it("refuses half a file", async () => {
    await createAccount({ paths, scrypt });
    writeFileSync(paths.account, readFileSync(paths.account, "utf8").slice(0, 100));
    await expect(openAccount({ paths })).rejects.toMatchObject({ code: "DAMAGED_KEYSTORE" });
  });
});

describe("openOrCreateAccount", () => {
  it("makes the account once", async () => {
    const first = await openOrCreateAccount({ paths, scrypt });
    const second = await openOrCreateAccount({ paths, scrypt });
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.madePassphraseFile).toBeUndefined();
    expect(second.signer.address).toBe(first.signer.address);
  });
});
