import { randomBytes } from "node:crypto";
import { hashInto } from "@chainsafe/hashtree";
import { AccountState } from "../../../src/state/index.ts";
import { createRandom } from "../../e2e/harness/random.ts";
import { defineFigure } from "../figure.ts";
import { heldBytes } from "../lib/memory.ts";
import { median } from "../lib/statistics.ts";
import { ownCpuSeconds } from "../lib/usage.ts";

/** `changed` is the number of accounts that a block touches, at random places. */
type StateRootSettings = { accounts: number; changed: number; rounds: number };

/** An account has three fields: two hashes make two nodes of four chunks, and one their parent. */
const hashesPerAccount = 3;

/** Returns the number of pairs that have to be hashed again if exactly these accounts have changed. */
export function hashesFor(indexes: ReadonlySet<number>, accounts: number): number {
  let hashes = indexes.size * hashesPerAccount;
  let nodes = new Set(indexes);
  for (let width = accounts; width > 1; width = Math.ceil(width / 2)) {
    nodes = new Set([...nodes].map((node) => node >>> 1));
    hashes += nodes.size;
  }
  return hashes;
}

/** Measures the time to hash a pair of 32-byte chunks when one call hashes many. */
function pairHashMs(): number {
  const pairs = 16_384;
  const input = new Uint8Array(randomBytes(pairs * 64));
  const output = new Uint8Array(pairs * 32);
  const times = Array.from({ length: 15 }, () => {
    const startedAt = performance.now();
    hashInto(input, output);
    return performance.now() - startedAt;
  });
  return median(times) / pairs;
}

function createState(accounts: number): { state: AccountState; bytes: number } {
  const before = heldBytes();
  const state = new AccountState(new Uint8Array(randomBytes(8)), accounts);
  const chunk = 65_536;
  for (let start = 0; start < accounts; start += chunk) {
    const addresses = new Uint8Array(randomBytes(32 * Math.min(chunk, accounts - start)));
    for (let at = 0; at < addresses.length; at += 32) state.append(addresses.subarray(at, at + 32), 1_000n);
  }
  state.settle();
  state.accountsRoot();
  return { state, bytes: heldBytes() - before };
}

export const stateRootFigure = defineFigure<StateRootSettings>({
  name: "state-root",
  measures: "the root of all accounts after a block has changed some of them",
  quick: [10_000, 1_000_000].map((accounts) => ({ accounts, changed: 2_000, rounds: 20 })),
  full: [10_000, 1_000_000, 10_000_000].flatMap((accounts) =>
    [2_000, 20_000].map((changed) => ({ accounts, changed: Math.min(changed, accounts), rounds: 30 })),
  ),
  async run(_context, { accounts, changed, rounds }) {
    const { state, bytes } = createState(accounts);
    const random = createRandom(1);
    const times: number[] = [];
    let hashes = 0;
    const own = process.cpuUsage();
    for (let round = 0; round < rounds; round++) {
      const indexes = new Set<number>();
      while (indexes.size < changed) indexes.add(Math.floor(random() * accounts));
      for (const index of indexes) state.set(index, BigInt(round), round);
      const startedAt = performance.now();
      state.accountsRoot();
      times.push(performance.now() - startedAt);
      state.settle();
      hashes += hashesFor(indexes, accounts) / rounds;
    }
    return {
      value: median(times),
      unit: "ms",
      limit: { what: "ms for the hashes alone", value: hashes * pairHashMs() },
      cpuSeconds: ownCpuSeconds(own),
      details: { slowestMs: Math.max(...times), hashes, bytesPerAccount: bytes / accounts },
    };
  },
});
