import fc from "fast-check";

const interestingBytes = [0, 1, 0x7f, 0x80, 0xff];
const interestingWords = [0, 1, 4, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_fe, 0xff_ff_ff_ff];

/** A change of some bytes. Positions are shares of the length, so that an edit fits inputs of any length. */
type Edit =
  | { kind: "flip"; at: number; bit: number }
  | { kind: "byte"; at: number; value: number }
  | { kind: "word"; at: number; value: number }
  | { kind: "cut"; at: number; length: number }
  | { kind: "repeat"; at: number; length: number; to: number }
  | { kind: "insert"; at: number; bytes: Uint8Array }
  | { kind: "truncate"; at: number };

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const length = fc.nat({ max: 64 });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("flip"), at: place, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("byte"), at: place, value: fc.constantFrom(...interestingBytes) }),
  fc.record({ kind: fc.constant("word"), at: place, value: fc.constantFrom(...interestingWords) }),
  fc.record({ kind: fc.constant("cut"), at: place, length }),
  fc.record({ kind: fc.constant("repeat"), at: place, length, to: place }),
  fc.record({ kind: fc.constant("insert"), at: place, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant("truncate"), at: place }),
);

/** Generates an input of the corpus with up to eight changes, or arbitrary bytes. */
export function mutationsOf(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changed = fc
    .tuple(fc.nat({ max: corpus.length - 1 }), fc.array(edit, { minLength: 1, maxLength: 8 }))
    .map(([index, edits]) => edits.reduce(apply, corpus[index]!));
  return fc.oneof({ weight: 15, arbitrary: changed }, { weight: 1, arbitrary: fc.uint8Array() });
}

function apply(bytes: Uint8Array, change: Edit): Uint8Array {
  const at = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case "flip":
      return withBytes(bytes, at, [bytes[at]! ^ (1 << change.bit)]);
    case "byte":
      return withBytes(bytes, at, [change.value]);
    case "word":
      return withBytes(
        bytes,
        at,
        [0, 8, 16, 24].map((shift) => (change.value >>> shift) & 0xff),
      );
    case "cut":
      return join(bytes.subarray(0, at), bytes.subarray(at + change.length));
    case "repeat": {
      const to = Math.floor(change.to * bytes.length);
      return join(bytes.subarray(0, to), bytes.subarray(at, at + change.length), bytes.subarray(to));
    }
    case "insert":
      return join(bytes.subarray(0, at), change.bytes, bytes.subarray(at));
    case "truncate":
      return bytes.slice(0, at);
  }
}

function withBytes(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const out = bytes.slice();
  for (const [offset, value] of values.entries()) if (at + offset < out.length) out[at + offset] = value;
  return out;
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const extremes = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -0,
  "",
  "0",
  "-1",
  "1e3",
  "18446744073709551616",
  "0x",
  "\ud800",
  "\u0000",
  "__proto__",
  [],
  {},
  [[[[[]]]]],
];

/** Generates a JSON text of the corpus with extreme values, removed or added members; or arbitrary JSON. */
export function jsonMutationsOf(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(fc.constantFrom<unknown>(...extremes), fc.jsonValue({ maxDepth: 3 }));
  const change = fc.record({
    path: fc.array(place, { maxLength: 5 }),
    value,
    kind: fc.constantFrom("replace", "remove", "add"),
  });
  const changed = fc
    .tuple(fc.nat({ max: corpus.length - 1 }), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([index, changes]) => {
      let json: unknown = JSON.parse(new TextDecoder().decode(corpus[index]));
      for (const each of changes) json = replaceIn(json, each.path, each.kind, each.value);
      return new TextEncoder().encode(JSON.stringify(json) ?? "null");
    });
  return fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: mutationsOf(corpus) });
}

function replaceIn(
  json: unknown,
  [share, ...rest]: readonly number[],
  kind: string,
  value: unknown,
): unknown {
  if (share === undefined || typeof json !== "object" || json === null) return value;
  const keys = Object.keys(json);
  const key = keys[Math.floor(share * keys.length)];
  const copy: Record<string, unknown> | unknown[] = Array.isArray(json) ? [...json] : { ...json };
  if (key === undefined || (kind === "add" && rest.length === 0)) return { ...copy, added: value };
  const members = copy as Record<string, unknown>;
  if (rest.length > 0) members[key] = replaceIn(members[key], rest, kind, value);
  else if (kind === "remove") delete members[key];
  else members[key] = value;
  return copy;
}
