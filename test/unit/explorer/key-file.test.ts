import { expect, it } from "vitest";
import { openKeystore, parseKeystore, sealKeystore } from "../../../src/accounts/keystore.ts";
import { generateSeed } from "../../../src/client/index.ts";
import { openKeyFile, sealKeyFile } from "../../../src/explorer/backup/key-file.ts";

/** Cheap: the cost of real files is that of a node's. */
const scrypt = { n: 2, r: 1, p: 1 };
/** A composed letter here, and its two parts there. */
const [composed, decomposed] = ["caf\u00e9 au lait", "cafe\u0301 au lait"];

const belongings = { name: "Savings", contacts: [{ address: "cc1", name: "Anna" }] };

it("a node opens the page's file", async () => {
  const seed = generateSeed();
  const file = await sealKeyFile(seed, composed, belongings, scrypt);
  expect(await openKeystore(parseKeystore(file), decomposed)).toEqual(seed);
});

it("a file has the key's name and the contacts, encrypted, and tells if they were changed", async () => {
  const seed = generateSeed();
  const file = await sealKeyFile(seed, composed, belongings, scrypt);
  expect(await openKeyFile(file, decomposed)).toEqual({ seed, belongings });
  expect(file).not.toContain("Anna");
  const { aes256gcm, belongings: sealed, ...rest } = JSON.parse(file);
  const damaged = {
    ...sealed,
    sealed: sealed.sealed.replace(/^../, (two: string) => (two === "00" ? "01" : "00")),
  };
  const swapped = { nonce: aes256gcm.nonce, sealed: aes256gcm.seed + aes256gcm.tag };
  for (const other of [damaged, swapped])
    await expect(
      openKeyFile(JSON.stringify({ ...rest, aes256gcm, belongings: other }), composed),
    ).rejects.toThrow("its contacts cannot be read");
});

it("the page opens a node's file", async () => {
  const seed = generateSeed();
  const file = await sealKeystore(seed, composed, { scrypt, genesisBalance: 5n });
  expect(await openKeyFile(file, decomposed)).toEqual({ seed, belongings: undefined });
});

it("a file costs a guess as much as a node's own", async () => {
  const { scrypt: own } = JSON.parse(await sealKeyFile(generateSeed(), "a passphrase", belongings));
  const { scrypt: node } = JSON.parse(await sealKeystore(generateSeed(), "a passphrase"));
  expect({ ...own, salt: "" }).toEqual({ ...node, salt: "" });
});

it("says what is wrong with a file", async () => {
  const file = await sealKeyFile(generateSeed(), composed, belongings, scrypt);
  const other = JSON.parse(await sealKeyFile(generateSeed(), composed, belongings, scrypt)) as {
    address: string;
  };
  const change = (news: object) => JSON.stringify({ ...JSON.parse(file), ...news });
  await expect(openKeyFile(file, "another")).rejects.toThrow("not the passphrase of this file");
  // The address is under the seal too.
  await expect(openKeyFile(change({ address: other.address }), composed)).rejects.toThrow(
    "not the passphrase",
  );
  for (const text of ["", "null", "5", "{}", '{"address":"cc1"}'])
    await expect(openKeyFile(text, composed), text).rejects.toThrow("not a key file");
  await expect(openKeyFile(change({ version: 2 }), composed)).rejects.toThrow("version 2");
  const dear = change({ scrypt: { n: 2 ** 22, r: 8, p: 1, salt: "00".repeat(32) } });
  await expect(openKeyFile(dear, composed)).rejects.toThrow("too much memory");
});
