import { expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/client/index.ts";
import { deriveSeed, secretOfEntropy, secretOfWords, wordsOf } from "../../../src/explorer/backup/words.ts";

// Test vectors 1 and 2 for ed25519 of SLIP-0010.
it.each([
  [
    "000102030405060708090a0b0c0d0e0f",
    [],
    "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
  ],
  [
    "000102030405060708090a0b0c0d0e0f",
    [0],
    "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
  ],
  [
    "000102030405060708090a0b0c0d0e0f",
    [0, 1, 2, 2],
    "30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662",
  ],
  [
    "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
    [],
    "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
  ],
])("derives the seed that SLIP-0010 gives for %s at %j", (master, path, seed) => {
  expect(toHex(deriveSeed(fromHex(`0x${master}`), path))).toBe(`0x${seed}`);
});

/** BIP-39's vector for 32 bytes of zeros. */
const zeroWords = `${"abandon ".repeat(23)}art`;

it("gives 24 words for 32 bytes, from which the same key comes back", async () => {
  const entropy = new Uint8Array(32);
  expect(wordsOf(entropy).join(" ")).toBe(zeroWords);
  const made = await secretOfEntropy(entropy);
  // Computed by another implementation: PBKDF2 and HMAC of Python.
  expect(toHex(made.seed)).toBe("0x546db7abc10a72450ff4867f365f7df172337a91738504411eee623674092e0d");
  expect(await secretOfWords(zeroWords)).toEqual(made);
});

it("reads words as people write them down", async () => {
  const { seed } = await secretOfEntropy(new Uint8Array(32));
  const listed = zeroWords
    .split(" ")
    .map((word, index) => `${index + 1}. ${word.toUpperCase()}\n`)
    .join("");
  expect((await secretOfWords(listed)).seed).toEqual(seed);
});

it.each([
  ["a word that is not in the list", zeroWords.replace("art", "arrt"), "Word 24, “arrt”, is not in the list"],
  ["a missing word", zeroWords.replace("abandon ", ""), "A key has 24 words; these are 23."],
  ["a wrong word", zeroWords.replace("art", "zoo"), "One of the words is wrong"],
])("says of %s what is wrong", async (_, text, problem) => {
  await expect(secretOfWords(text)).rejects.toThrow(problem);
});
