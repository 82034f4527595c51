/** Commits pairs of entries until it is killed, and prints the number of each that was acknowledged. */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";

// Node.js would write its compile cache, where it has one, at the end of the process.
flushCompileCache();
const database = await LevelDatabase.open(process.argv[2]!);
let next = 0;

async function writer(): Promise<void> {
  for (;;) {
    const number = next++;
    const value = new Uint8Array(100).fill(number % 256);
    await database.commit([
      { key: keyOf("header", uint32Bytes(number)), value },
      { key: keyOf("header", uint32Bytes(1_000_000 + number)), value },
    ]);
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writer));
