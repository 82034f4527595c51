/**
 * Makes the test vectors for other languages, protocols/vectors/*.json, from the reference and fixed seeds.
 * Usage: node scripts/make-vectors.ts
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { makeVectors } from "../test/second/make-vectors.ts";

const folder = new URL("../protocols/vectors/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(await makeVectors())) writeFileSync(new URL(name, folder), text);
