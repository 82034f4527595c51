import { readFileSync } from "node:fs";
import { decode } from "../../second/ssz.ts";

/** The text of a file of vectors. */
export const text = (name: string) =>
  readFileSync(new URL(`../../../protocols/vectors/${name}`, import.meta.url), "utf8");

export type Vector = ReturnType<typeof JSON.parse>;

const read = (name: string): Vector => JSON.parse(text(`${name}.json`));

export const vectors = {
  types: read("types"),
  finality: read("finality"),
  chain: read("chain"),
  keys: read("keys"),
  recovery: read("recovery"),
  wire: read("wire"),
};

/** Decodes a vector by the second implementation. */
export const value = ({ type, encoded }: { type: string; encoded: string }) =>
  decode(type, Buffer.from(encoded, "hex"));

/** The name of the test of a vector, and the vector. */
export const nameOf = (vector: Vector): [string, Vector] => [vector.about ?? vector.type, vector];
