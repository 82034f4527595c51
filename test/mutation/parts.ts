/**
 * Code that is mutated together, and the tests that must notice it: those of the same folder, and others that check
 * formats.
 */
export interface Part {
  mutate: string[];
  tests: string[];
  /** The tests of single files, where those of the part take long. */
  testsOf?: Readonly<Record<string, readonly string[]>>;
  /** The time after which a test has hung, where many mutants make tests hang, and no test takes long. */
  testTimeoutMs?: number;
  /** The time above four times that of its tests after which a mutant is taken for an endless loop; 20 s without it. */
  timeoutMs?: number;
}

const ownTests = (folder: string) => `test/unit/${folder}/**/*.test.ts`;
const verdicts = "test/unit/protocols/verdict-table.test.ts";
const vectors = "test/unit/protocols/vectors.test.ts";

function folder(name: string, otherTests: string[] = []): Part {
  return { mutate: [`src/${name}/**/*.ts`, "!src/**/*.d.ts"], tests: [ownTests(name), ...otherTests] };
}

/** The tests of files of a folder, by their names. */
function testsOf(
  folder: string,
  names: Readonly<Record<string, readonly string[]>>,
): NonNullable<Part["testsOf"]> {
  const path = (test: string) => `test/unit/${folder}/${test}.test.ts`;
  return Object.fromEntries(Object.entries(names).map(([name, tests]) => [`${name}.ts`, tests.map(path)]));
}

/** The tests of files of `src/state`: long random runs notice little that these do not. */
const testsOfState: Readonly<Record<string, readonly string[]>> = {
  "account-table": ["address-index", "execute"],
  "account-tree": ["account-tree"],
  "address-index": ["address-index", "half-sip-hash"],
  execute: ["execute"],
  "half-sip-hash": ["half-sip-hash"],
  leaves: ["account-tree"],
  "settled-accounts": ["state"],
  state: ["state", "account-tree", "execute"],
  "state-root": ["account-tree"],
};

/** The tests of files of `src/chain`: those of the whole folder take minutes. */
const testsOfChain: Readonly<Record<string, readonly string[]>> = {
  "accept-recoveries": ["recoveries", "recovery"],
  "account-proof": ["proofs"],
  assemble: ["chain", "block-import", "rules", "history-reader"],
  "block-check": ["block-check"],
  "block-import": [
    "chain",
    "block-import",
    "fork-blocks",
    "side-blocks",
    "recovery",
    "rules",
    "header-rules",
  ],
  "answered-votes": ["answered-votes"],
  "block-reader": ["block-reader"],
  "block-tree": ["block-tree", "block-import", "recovery", "authorities"],
  branches: ["branches", "branch-choice"],
  "build-block": ["producer", "chain", "vote-blocks"],
  canonical: ["chain", "block-import", "recovery", "participants", "producer"],
  chain: [
    "chain",
    "block-import",
    "recovery",
    "rules",
    "accounts-after",
    "fork-blocks",
    "producer",
    "indexes-later",
  ],
  checkpoints: ["checkpoints"],
  chronicle: ["chronicle"],
  "finality-follower": ["chain", "fork-blocks", "block-import", "recovery"],
  "finality-proof": ["proofs"],
  finalizer: ["finalizer", "checkpoints", "certificates", "voter", "round-leader"],
  "fork-blocks": ["fork-block-limits", "fork-blocks"],
  genesis: ["genesis", "chain"],
  "header-rules": ["header-rules", "vote-check", "block-import", "rules", "recovery"],
  "history-reader": ["history-reader"],
  "invalid-blocks": ["invalid-blocks", "block-import"],
  ledger: ["chain", "block-import", "accounts-after", "parameters", "recovery"],
  load: ["load", "block-import", "recovery", "rules"],
  "parameters-proof": ["proofs"],
  participants: ["participants"],
  producer: ["producer", "producer-plan", "producer-slot", "recovery"],
  proposals: ["proposals", "proposal-changes"],
  recoveries: ["recoveries"],
  "recovery-adoption": ["recovery"],
  "round-leader": ["round-leader", "withheld-results"],
  rules: ["rules"],
  "side-blocks": ["side-blocks"],
  "signs-of-life": ["signs-of-life"],
  stores: ["chain"],
  "turn-of": ["chronicle"],
  "vote-blocks": ["answered-votes", "vote-blocks"],
  "vote-check": ["vote-check", "certificates"],
  "vote-target": ["vote-target"],
  voter: ["voter", "voter-pauses", "round-leader", "withheld-results", "recovery"],
};

/**
 * The checks of `src/sync`, which decide whether a peer's claim is accepted and who is blamed, with the tests of each.
 * The rest fetches and serves.
 */
const checksOfSync: Readonly<Record<string, readonly string[]>> = {
  "block-inbox": ["block-inbox", "inbox", "rules"],
  "complete-block": ["complete-block", "inbox"],
  "evidence-inbox": ["evidence-inbox"],
  "fetched-header": ["fetched-header", "headers"],
  "header-judge": ["header-judge", "inbox"],
  headers: ["headers", "rules"],
  "other-recoveries": ["other-recoveries"],
  "transaction-inbox": ["inbox"],
  "vote-inbox": ["vote-inbox", "awaited-blocks"],
};

/** The parts that need no node: their own tests are enough. `verdicts` has the table of the page instead. */
const limitsOfSync = [
  "awaited-blocks",
  "block-entries",
  "block-load",
  "claimed-status",
  "common-ancestor",
  "conflicting-finality",
  "evidence-list",
  "failed-claims",
  "header-hold",
  "held-votes",
  "lead",
  "leads",
  "places",
  "settled-votes",
  "slot-limit",
  "vote-decoder",
  "vote-limit",
  "vote-signatures",
  "voter-accounts",
];

const testsOfSync = (names: readonly string[]) => [
  ...names.map((name) => `test/unit/sync/${name}.test.ts`),
  verdicts,
];
const filesOfSync = (names: readonly string[]) => names.map((name) => `src/sync/${name}.ts`);

export const parts: Readonly<Record<string, Part>> = {
  consensus: folder("consensus"),
  accounts: folder("accounts"),
  types: folder("types", [vectors]),
  // No mutant can be switched on in a thread, which has its own copy of the code.
  crypto: {
    ...folder("crypto"),
    mutate: ["src/crypto/!(verify-worker|*.d).ts"],
    testTimeoutMs: 10_000,
  },
  // Many mutants of the tables loop without end.
  state: { ...folder("state"), testsOf: testsOf("state", testsOfState), timeoutMs: 4_000 },
  // Left out are long random runs and a test that counts steps with its own module: they notice little that the quick
  // tests do not.
  chain: {
    testTimeoutMs: 8_000,
    timeoutMs: 8_000,
    ...folder("chain", ["!test/unit/chain/{model,vote-cost}.test.ts"]),
    testsOf: testsOf("chain", testsOfChain),
  },
  // Left out are long random runs, and how much memory a full pool takes.
  mempool: {
    testTimeoutMs: 8_000,
    timeoutMs: 8_000,
    ...folder("mempool", ["!test/unit/mempool/{memory,model}.test.ts"]),
  },
  sync: {
    mutate: filesOfSync(Object.keys(checksOfSync)),
    tests: testsOfSync([...new Set(Object.values(checksOfSync).flat())]),
    testTimeoutMs: 6_000,
    testsOf: Object.fromEntries(
      Object.entries(checksOfSync).map(([name, tests]) => [`${name}.ts`, testsOfSync(tests)]),
    ),
  },
  "sync-limits": {
    mutate: filesOfSync([...limitsOfSync, "verdicts"]),
    tests: testsOfSync(limitsOfSync),
    timeoutMs: 4_000,
  },
};
