import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A rule of the node made wrong, to see that the simulator finds it: `find` stands once in `file`, and becomes `replace`. */
export interface BrokenRule {
  file: string;
  find: string;
  replace: string;
  /** Rules of the oracle of which one has to be reported. */
  found: readonly string[];
}

export const brokenRules: Record<string, BrokenRule> = {
  /** Heads of equal weight stay where they were first seen, as in the first version of Clique. */
  firstSeen: {
    file: "src/consensus/fork-choice.ts",
    find: `b.totalDifficulty - a.totalDifficulty ||
    a.height - b.height ||
    b.turnScore - a.turnScore ||
    compareBytes(a.id, b.id)`,
    replace: "b.totalDifficulty - a.totalDifficulty",
    found: ["not settled"],
  },
  /** More than half, where more than two thirds are needed. */
  majorityQuorum: {
    file: "src/consensus/finality.ts",
    find: "return Math.floor((2 * count) / 3) + 1;",
    replace: "return Math.floor(count / 2) + 1;",
    found: ["conflicting finality"],
  },
  /** What was signed before a crash is not known after it. */
  forgetfulSigner: {
    file: "src/accounts/protected-signer.ts",
    find: "const stored = await store.load(signer.publicKey);",
    replace: "const stored = undefined;",
    found: ["slashable vote", "slashable header"],
  },
  /** The first block of an epoch forgets who signed the ones before. */
  recentsCleared: {
    file: "src/consensus/clique.ts",
    find: "const kept = recentSigners.filter((recent) => recent.height >= oldest);",
    replace: "const kept = height % 5 === 0 ? [] : recentSigners.filter((recent) => recent.height >= oldest);",
    found: ["signed recently"],
  },
};

/** From now on the module is loaded with the broken rule. Call it before anything of the node is imported. */
export function breakRule(name: string): void {
  const rule = brokenRules[name];
  if (!rule) throw new RangeError(`no such rule: ${name}; there are ${Object.keys(brokenRules).join(", ")}`);
  const broken = new URL(`../../${rule.file}`, import.meta.url).href;
  const source = readFileSync(fileURLToPath(broken), "utf8");
  if (source.split(rule.find).length !== 2) throw new Error(`${rule.file} does not hold, once: ${rule.find}`);
  registerHooks({
    load(url, context, nextLoad) {
      if (url !== broken) return nextLoad(url, context);
      return { format: "module-typescript", shortCircuit: true, source: source.replace(rule.find, () => rule.replace) };
    },
  });
}
