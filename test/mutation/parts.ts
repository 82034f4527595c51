/** Code that is mutated together, and the tests that must notice it: those of the same folder, and others that check formats. */
export interface Part {
  mutate: string[];
  tests: string[];
}

const ownTests = (folder: string) => `test/unit/${folder}/**/*.test.ts`;
const verdicts = "test/unit/protocols/verdict-table.test.ts";
const vectors = "test/unit/protocols/vectors.test.ts";

function folder(name: string, otherTests: string[] = []): Part {
  return { mutate: [`src/${name}/**/*.ts`, "!src/**/*.d.ts"], tests: [ownTests(name), ...otherTests] };
}

/** The checks of `src/sync`, which decide whether a peer's claim is accepted and who is blamed. The rest fetches and serves. */
const checksOfSync = [
  "block-inbox",
  "claimed-status",
  "common-ancestor",
  "complete-block",
  "conflicting-finality",
  "doubts",
  "evidence-inbox",
  "evidence-list",
  "header-hold",
  "header-judge",
  "headers",
  "held-votes",
  "lead",
  "other-recoveries",
  "settled-votes",
  "slot-limit",
  "transaction-inbox",
  "verdicts",
  "vote-inbox",
  "vote-limit",
  "vote-signatures",
  "voter-accounts",
];

export const parts: Readonly<Record<string, Part>> = {
  consensus: folder("consensus"),
  accounts: folder("accounts"),
  types: folder("types", [vectors]),
  crypto: folder("crypto"),
  state: folder("state"),
  // Left out are long random runs and a test that counts steps with its own module: they notice little that the quick tests do not.
  chain: folder("chain", ["!test/unit/chain/{model,vote-cost}.test.ts"]),
  sync: { mutate: checksOfSync.map((name) => `src/sync/${name}.ts`), tests: [ownTests("sync"), verdicts] },
};
