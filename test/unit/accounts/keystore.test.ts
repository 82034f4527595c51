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

  /** Written once by this program: later versions must open it. */
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
});
