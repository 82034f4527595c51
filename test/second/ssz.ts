/**
 * SSZ (consensus-specs, `ssz/simple-serialize.md`) for the types of protocols/README.md, which are read from its
 * tables. This second implementation, for the test vectors, shares no code with src/.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** A decoded value: numbers are bigints, bytes are hex digits, containers are objects, lists are arrays. */
// biome-ignore lint/suspicious/noExplicitAny: values of types that are read from the page
export type Value = any;
type Fields = readonly (readonly [string, string])[];

export const page = readFileSync(new URL("../../protocols/README.md", import.meta.url), "utf8");
/** The definitions of names: fields, or another type. */
const named = new Map<string, Fields | string>();
for (const [, name, type] of page.matchAll(/`(\w+)` is\s+(?:a |any )?`?(uint64|ByteVector\[\d+\])/g))
  named.set(name!, type!);
for (const line of page.split("\n")) {
  const [, name, text = ""] = /^\| `(\w+)` *\| (.*)/.exec(line) ?? [];
  if (!name) continue;
  const plain = text.split("|")[0]!.replaceAll(/\([^)]*\)|`/g, "");
  const fields = [...plain.matchAll(/(\w+): (\w+(?:\[[^\]]*\])?)/g)].map(
    ([, field, type]) => [field!, type!] as const,
  );
  if (fields.length > 0) named.set(name, fields);
  else if (plain.startsWith("List[")) named.set(name, plain.trim());
}
/** The names of all containers of the page. */
export const containers = [...named]
  .filter(([, meaning]) => typeof meaning !== "string")
  .map(([name]) => name);

type Shape =
  | { kind: "uint"; size: number }
  | { kind: "bytes"; size: number }
  | { kind: "byteList"; limit: number }
  | { kind: "list"; element: string; limit: number }
  | { kind: "container"; fields: Fields };

function shapeOf(type: string): Shape {
  const meaning = named.get(type);
  if (typeof meaning === "string") return shapeOf(meaning);
  if (meaning) return { kind: "container", fields: meaning };
  const [, word, inside = ""] = /^([A-Za-z]+)(.*)$/.exec(type)!;
  if (word === "uint") return { kind: "uint", size: Number(inside) / 8 };
  if (word === "Bytes") return { kind: "bytes", size: Number(inside) };
  const parts = inside.slice(1, -1).split(", ");
  if (word === "ByteVector") return { kind: "bytes", size: Number(parts[0]) };
  if (word === "ByteList") return { kind: "byteList", limit: numberOf(parts[0]!) };
  if (word === "List") return { kind: "list", element: parts[0]!, limit: numberOf(parts[1]!) };
  throw new Error(`the page does not say what ${type} is`);
}

/** Parses a number of the page: `1024` or `2^16`. */
function numberOf(text: string): number {
  const [base, power] = text.split("^").map(Number);
  return power === undefined ? base! : base! ** power;
}

/** Returns the size of an encoding; undefined if it varies. */
export function fixedSize(type: string): number | undefined {
  const shape = shapeOf(type);
  if (shape.kind === "uint" || shape.kind === "bytes") return shape.size;
  if (shape.kind !== "container") return undefined;
  let sum = 0;
  for (const [, field] of shape.fields) {
    const size = fixedSize(field);
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}

export function decode(type: string, bytes: Buffer): Value {
  const shape = shapeOf(type);
  if (shape.kind === "uint") return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  if (shape.kind === "bytes" || shape.kind === "byteList") return bytes.toString("hex");
  if (shape.kind === "list") {
    const size = fixedSize(shape.element);
    const firstOffset = size === undefined && bytes.length > 0 ? bytes.readUInt32LE(0) : 0;
    const count = size === undefined ? firstOffset / 4 : bytes.length / size;
    const fields = Array.from({ length: count }, (_, index) => [String(index), shape.element] as const);
    return Object.values(decodeFields(fields, bytes));
  }
  return decodeFields(shape.fields, bytes);
}

function decodeFields(fields: Fields, bytes: Buffer): Record<string, Value> {
  const value: Record<string, Value> = {};
  const open: { name: string; type: string; start: number }[] = [];
  let at = 0;
  for (const [name, type] of fields) {
    const size = fixedSize(type);
    value[name] = undefined;
    if (size === undefined) open.push({ name, type, start: bytes.readUInt32LE(at) });
    else value[name] = decode(type, bytes.subarray(at, at + size));
    at += size ?? 4;
  }
  for (const [index, { name, type, start }] of open.entries())
    value[name] = decode(type, bytes.subarray(start, open[index + 1]?.start ?? bytes.length));
  return value;
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
const zeros = [Buffer.alloc(32)];
for (let level = 0; level < 64; level++) zeros.push(sha256(Buffer.concat([zeros[level]!, zeros[level]!])));

/** Returns the root of chunks; `limit` is the largest number of chunks. */
function merkleize(chunks: Buffer[], limit: number): Buffer {
  const depth = Math.ceil(Math.log2(Math.max(limit, 1)));
  let level = chunks.length === 0 ? [zeros[0]!] : chunks;
  for (let height = 0; height < depth; height++) {
    const next: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2)
      next.push(sha256(Buffer.concat([level[at]!, level[at + 1] ?? zeros[height]!])));
    level = next;
  }
  return level[0]!;
}

function chunksOf(bytes: Buffer): Buffer[] {
  const padded = Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  return Array.from({ length: padded.length / 32 }, (_, index) =>
    padded.subarray(index * 32, index * 32 + 32),
  );
}

function uintBytes(value: bigint, size: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(size * 2, "0"),
    "hex",
  ).reverse();
}

/** Returns `hash_tree_root` as hex digits. */
export function root(type: string, value: Value): string {
  return rootBytes(type, value).toString("hex");
}

function rootBytes(type: string, value: Value): Buffer {
  const shape = shapeOf(type);
  if (shape.kind === "uint") return merkleize(chunksOf(uintBytes(value, shape.size)), 1);
  if (shape.kind === "bytes")
    return merkleize(chunksOf(Buffer.from(value, "hex")), Math.ceil(shape.size / 32));
  if (shape.kind === "container")
    return merkleize(
      shape.fields.map(([name, field]) => rootBytes(field, value[name])),
      shape.fields.length,
    );
  const { chunks, limit, length } = contentsOf(shape, value);
  return sha256(Buffer.concat([merkleize(chunks, limit), uintBytes(BigInt(length), 32)]));
}

type ListShape = Extract<Shape, { limit: number }>;

/** Returns the chunks of a list, the largest number of them, and the list's length. Bytes and numbers share chunks. */
function contentsOf(shape: ListShape, value: Value): { chunks: Buffer[]; limit: number; length: number } {
  if (shape.kind === "byteList")
    return {
      chunks: chunksOf(Buffer.from(value, "hex")),
      limit: Math.ceil(shape.limit / 32),
      length: value.length / 2,
    };
  const { length } = value;
  const element = shapeOf(shape.element);
  if (element.kind === "uint") {
    const bytes = Buffer.concat(value.map((number: bigint) => uintBytes(number, element.size)));
    return { chunks: chunksOf(bytes), limit: Math.ceil((shape.limit * element.size) / 32), length };
  }
  return { chunks: value.map((each: Value) => rootBytes(shape.element, each)), limit: shape.limit, length };
}

/** Adds the names of the containers that a value holds to `found`, and returns it. */
export function containersIn(type: string, value: Value, found = new Set<string>()): Set<string> {
  const shape = shapeOf(type);
  if (shape.kind === "list") for (const each of value) containersIn(shape.element, each, found);
  if (shape.kind !== "container") return found;
  found.add(type);
  for (const [name, field] of shape.fields) containersIn(field, value[name], found);
  return found;
}
