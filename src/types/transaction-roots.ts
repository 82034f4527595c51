import { hashInto } from "@chainsafe/hashtree";
import { zeroHash } from "@chainsafe/persistent-merkle-tree";

/** The byte ranges of an encoded `Transaction`: an offset, the signature, then the `Transfer` with its memo last. */
export const transactionLayout = {
  signature: 4,
  from: 68,
  to: 100,
  amount: 132,
  fee: 140,
  nonce: 148,
  validUntil: 156,
  memoOffset: 164,
  memo: 168,
} as const;

const layout = transactionLayout;

/** Transactions that one native call hashes: enough to hide the cost of the call, few enough for the cache. */
const batch = 256;
const chunk = 32;
/** `Transfer` has seven fields: eight leaves. A memo of 256 bytes has eight chunks. */
const leaves = 8 * chunk;

const input = new Uint8Array(batch * leaves);
const output = new Uint8Array((batch * leaves) / 2);
const memos = new Uint8Array(batch * leaves);
const emptyMemoRoot = hashPair(zeroHash(3), zeroHash(0));

/**
 * `ids` has 32 bytes per transaction, its `hash_tree_root`; `signingRoots` has 32 bytes each, which its signature
 * covers.
 */
export interface TransactionRoots {
  ids: Uint8Array;
  signingRoots: Uint8Array;
}

/**
 * The roots of encoded transactions. Many are hashed at once, level by level. `domain` is `computeDomain("transaction",
 * …)`.
 */
export function transactionRoots(encoded: readonly Uint8Array[], domain: Uint8Array): TransactionRoots {
  const roots = {
    ids: new Uint8Array(encoded.length * chunk),
    signingRoots: new Uint8Array(encoded.length * chunk),
  };
  for (let from = 0; from < encoded.length; from += batch) {
    const part = encoded.slice(from, from + batch);
    hashBatch(
      part,
      domain,
      roots.ids.subarray(from * chunk, (from + part.length) * chunk),
      roots.signingRoots.subarray(from * chunk, (from + part.length) * chunk),
    );
  }
  return roots;
}

function hashBatch(
  encoded: readonly Uint8Array[],
  domain: Uint8Array,
  ids: Uint8Array,
  signingRoots: Uint8Array,
): void {
  const memoRoots = hashMemos(encoded);
  const used = encoded.length * leaves;
  input.fill(0, 0, used);
  // By index: an iterator over entries makes two objects for each.
  for (let index = 0; index < encoded.length; index++) {
    const bytes = encoded[index]!;
    const at = index * leaves;
    copy(bytes, layout.from, input, at, 2 * chunk);
    copy(bytes, layout.amount, input, at + 2 * chunk, 8);
    copy(bytes, layout.fee, input, at + 3 * chunk, 8);
    copy(bytes, layout.nonce, input, at + 4 * chunk, 8);
    copy(bytes, layout.validUntil, input, at + 5 * chunk, 8);
    copy(memoRoots, index * chunk, input, at + 6 * chunk, chunk);
  }
  const transferRoots = reduce(used, 3);
  for (let index = 0; index < encoded.length; index++) {
    copy(transferRoots, index * chunk, input, 2 * index * chunk, chunk);
    copy(domain, 0, input, (2 * index + 1) * chunk, chunk);
  }
  const pairs = input.subarray(0, 2 * encoded.length * chunk);
  hashInto(pairs, signingRoots);
  // The signature is two chunks. Its root takes the domain's place beside the root of the transfer.
  const signatures = memos.subarray(0, pairs.length);
  for (let index = 0; index < encoded.length; index++)
    copy(encoded[index]!, layout.signature, signatures, 2 * index * chunk, 2 * chunk);
  const signatureRoots = output.subarray(0, encoded.length * chunk);
  hashInto(signatures, signatureRoots);
  for (let index = 0; index < encoded.length; index++)
    copy(signatureRoots, index * chunk, input, (2 * index + 1) * chunk, chunk);
  hashInto(pairs, ids);
}

/** The root of each memo. Most transactions have none. */
function hashMemos(encoded: readonly Uint8Array[]): Uint8Array {
  const roots = memos.subarray(0, encoded.length * chunk);
  const withMemo: number[] = [];
  for (let index = 0; index < encoded.length; index++) {
    if (encoded[index]!.length > layout.memo) withMemo.push(index);
    else roots.set(emptyMemoRoot, index * chunk);
  }
  if (withMemo.length === 0) return roots;
  const used = withMemo.length * leaves;
  input.fill(0, 0, used);
  for (let place = 0; place < withMemo.length; place++)
    input.set(encoded[withMemo[place]!]!.subarray(layout.memo), place * leaves);
  const contents = reduce(used, 3);
  const pairs = input.subarray(0, 2 * withMemo.length * chunk);
  pairs.fill(0);
  for (let place = 0; place < withMemo.length; place++) {
    copy(contents, place * chunk, pairs, 2 * place * chunk, chunk);
    const length = encoded[withMemo[place]!]!.length - layout.memo;
    pairs[(2 * place + 1) * chunk] = length & 0xff;
    pairs[(2 * place + 1) * chunk + 1] = length >>> 8;
  }
  const mixed = output.subarray(0, withMemo.length * chunk);
  hashInto(pairs, mixed);
  for (let place = 0; place < withMemo.length; place++)
    copy(mixed, place * chunk, roots, withMemo[place]! * chunk, chunk);
  return roots;
}

/** Hashes the first `used` bytes of `input` in pairs, `levels` times, into `output`; overwrites `input`. */
function reduce(used: number, levels: number): Uint8Array {
  let length = used;
  for (let level = 0; level < levels; level++) {
    const hashed = output.subarray(0, length / 2);
    hashInto(input.subarray(0, length), hashed);
    length /= 2;
    if (level < levels - 1) input.set(hashed);
  }
  return output.subarray(0, length);
}

/** Copies byte by byte: for so few bytes a call would cost more. */
function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  for (let byte = 0; byte < length; byte++) to[at + byte] = from[start + byte]!;
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * chunk);
  pair.set(left);
  pair.set(right, chunk);
  const root = new Uint8Array(chunk);
  hashInto(pair, root);
  return root;
}
