import { createCipheriv, scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { defaultScrypt, openKeystore, parseKeystore, sealKeystore } from "../../../src/accounts/keystore.ts";

const seed = new Uint8Array(32).fill(9);

describe("keystore", () => {
  it("opens at the cost that accounts are made with", async () => {
    const keystore = parseKeystore(await sealKeystore(seed, "secret"));
    expect(keystore.scrypt).toMatchObject(defaultScrypt);
    expect(defaultScrypt).toEqual({ n: 131_072, r: 8, p: 1 });
    expect(await openKeystore(keystore, "secret")).toEqual(seed);
  });

  it("takes a passphrase composed or decomposed", async () => {
    const keystore = parseKeystore(
      await sealKeystore(seed, "Gru\u0308\u00dfe", { scrypt: { n: 2, r: 1, p: 1 } }),
    );
    expect(await openKeystore(keystore, "Gr\u00fc\u00dfe")).toEqual(seed);
  });

  /** The file was written once by this program, and later versions must open it. */
  it("opens a file of version 1", async () => {
    const text = JSON.stringify({
      version: 1,
      address: "cc1l5tjgwz65rr4ke8m0rxkqtapmxglm6lhdvfutrkhqt4vsd0f7cvqv2z8ja",
      scrypt: {
        n: 1024,
        r: 8,
        p: 1,
        salt: "e839fc946ba03e630d786de447efd21f3022753f1d0941144f4f2f59617f00d1",
      },
      aes256gcm: {
        nonce: "6df11718ccdfab7a87d43000",
        seed: "15c4758f5144416bd2c4501fd9eb7bf45835c74a8b49e1bb2511b1afc8421735",
        tag: "3e8b5fed014830b44fc2a45c66807d11",
      },
      genesisBalance: "120",
    });
    expect(await openKeystore(parseKeystore(text), "correct horse")).toEqual(seed);
  });

  const cheap = { n: 2, r: 1, p: 1 };
  const edited = async (scrypt: object) => {
    const file = JSON.parse(await sealKeystore(seed, "secret", { scrypt: cheap }));
    return JSON.stringify({ ...file, scrypt: { ...file.scrypt, ...scrypt } });
  };
  const damaged = { code: "DAMAGED_KEYSTORE" };

  it("takes costs that are a power of two from 2 on, and need at most 1 GiB", async () => {
    for (const scrypt of [{ n: 2 ** 20, r: 8 }, { n: 2, r: 2 ** 22 }, { p: 16 }])
      expect(parseKeystore(await edited(scrypt)).scrypt).toMatchObject(scrypt);
    for (const scrypt of [
      { n: 1 },
      { n: 0 },
      { n: -2 },
      { n: 6 },
      { n: 2 ** 20, r: 9 },
      { n: 2, r: 2 ** 22 + 1 },
      { r: 0 },
      { p: 0 },
      { p: 17 },
    ]) {
      const text = await edited(scrypt);
      expect(() => parseKeystore(text)).toThrow(expect.objectContaining(damaged));
    }
  });

  it("refuses bytes of another length, and what is not JSON", async () => {
    for (const salt of ["", "00".repeat(31), "00".repeat(33), "AA".repeat(32), ` ${"00".repeat(32)}`]) {
      const text = await edited({ salt });
      expect(() => parseKeystore(text)).toThrow(expect.objectContaining(damaged));
    }
    expect(() => parseKeystore("{")).toThrow(
      expect.objectContaining({ ...damaged, message: expect.stringContaining("JSON") }),
    );
    expect(() => parseKeystore("{}")).toThrow(expect.objectContaining(damaged));
  });

  it("opens with no other passphrase, and at any cost that it was sealed with", async () => {
    const keystore = parseKeystore(await sealKeystore(seed, "secret", { scrypt: { n: 2, r: 512, p: 16 } }));
    expect(await openKeystore(keystore, "secret")).toEqual(seed);
    await expect(openKeystore(keystore, "Secret")).rejects.toMatchObject({ code: "WRONG_PASSPHRASE" });
  });

  it("notes the balance that it is given, or none", async () => {
    const balance = async (options: object) =>
      parseKeystore(await sealKeystore(seed, "secret", { scrypt: cheap, ...options })).genesisBalance;
    expect(await balance({})).toBe(0n);
    expect(await balance({ genesisBalance: 7n })).toBe(7n);
  });

  it("refuses a key that is not that of its address, though the file was sealed so", async () => {
    const file = JSON.parse(await sealKeystore(seed, "secret", { scrypt: cheap }));
    const key = scryptSync("secret", Buffer.from(file.scrypt.salt, "hex"), 32, { N: 2, r: 1, p: 1 });
    const cipher = createCipheriv("aes-256-gcm", key, Buffer.from(file.aes256gcm.nonce, "hex"));
    cipher.setAAD(Buffer.from(file.address));
    const other = Buffer.concat([cipher.update(new Uint8Array(32).fill(8)), cipher.final()]).toString("hex");
    file.aes256gcm = { ...file.aes256gcm, seed: other, tag: cipher.getAuthTag().toString("hex") };
    await expect(openKeystore(parseKeystore(JSON.stringify(file)), "secret")).rejects.toMatchObject(damaged);
  });
});
