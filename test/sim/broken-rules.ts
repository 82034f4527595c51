import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** An edit that replaces `find`, which occurs once in `file`, by `replace`. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** A rule of the node that is broken on purpose, to test that the simulator finds it. */
export interface BrokenRule {
  edits: readonly Edit[];
  /** The rules of the oracle, one of which has to be reported. */
  found: readonly string[];
  /** The first of the seeds: one that finds the broken rule soon. */
  seed?: number;
  runs: number;
  authorities?: number;
  /** The only behaviours of liars, if the broken rule shows only under these. */
  liars?: readonly string[];
  /** True if every run ends with a recovery. */
  recovery?: true;
}

export const brokenRules: Record<string, BrokenRule> = {
  /** A node keeps the first of two heads of equal weight, as in the first version of Clique. */
  firstSeen: {
    edits: [
      {
        file: "src/consensus/fork-choice.ts",
        find: `b.totalDifficulty - a.totalDifficulty ||
    a.height - b.height ||
    b.turnScore - a.turnScore ||
    compareBytes(a.id, b.id)`,
        replace: "b.totalDifficulty - a.totalDifficulty",
      },
    ],
    found: ["not settled"],
    seed: 21,
    runs: 60,
    authorities: 4,
  },
  /** A quorum is more than half instead of more than two thirds. */
  majorityQuorum: {
    edits: [
      {
        file: "src/consensus/finality.ts",
        find: "return Math.floor((2 * count) / 3) + 1;",
        replace: "return Math.floor(count / 2) + 1;",
      },
    ],
    found: ["conflicting finality"],
    seed: 23,
    runs: 100,
  },
  /** The signer forgets at a crash what it has signed. */
  forgetfulSigner: {
    edits: [
      {
        file: "src/accounts/protected-signer.ts",
        find: "(await store.load(signer.publicKey)) ?? emptyRecord(clock.now())",
        replace: "emptyRecord(clock.now())",
      },
      {
        file: "src/accounts/protected-signer.ts",
        find: "for await (const { slot } of store.headers(signer.publicKey))",
        replace: "for (const { slot } of [] as { slot: number }[])",
      },
    ],
    found: ["slashable vote", "slashable header"],
    seed: 10,
    runs: 40,
  },
  /**
   * The signer signs a vote that surrounds an earlier one. Shown by nodes that forget at a restart what was justified.
   */
  surround: {
    edits: [
      {
        file: "src/chain/load.ts",
        find: "(await stores.finality.status()) ?? genesisFinality(genesis.id)",
        replace: "genesisFinality(genesis.id)",
      },
      {
        file: "src/accounts/protection.ts",
        find: "if (sourceRound < record.sourceRound)",
        replace: "if (sourceRound < 0)",
      },
    ],
    found: ["slashable vote"],
    seed: 30,
    runs: 100,
  },
  /** The first block of an epoch forgets the recent signers. */
  recentsCleared: {
    edits: [
      {
        file: "src/consensus/clique.ts",
        find: "const kept = recentSigners.filter((recent) => recent.height >= oldest);",
        replace:
          "const kept = height % 5 === 0 ? [] : recentSigners.filter((recent) => recent.height >= oldest);",
      },
    ],
    found: ["signed recently"],
    seed: 30,
    runs: 40,
  },
  /** The relay of a vote is blamed for a fault that only the vote's block shows. */
  tellersBlamed: {
    edits: [
      {
        file: "src/sync/vote-inbox.ts",
        find: `if (fault !== undefined && fault !== "target") throw error;`,
        replace: "throw error;",
      },
    ],
    found: ["honest node penalized"],
    seed: 9,
    runs: 40,
    liars: ["votesAgainstTheBlocks"],
  },
  /** A node leaves `ready` for a heavier chain whoever has signed it. */
  anyLead: {
    edits: [
      {
        file: "src/sync/lead.ts",
        find: "if (heads.length <= gossipGap) return false;",
        replace: "if (heads.length > 0) return true;",
      },
    ],
    found: ["left ready without cause"],
    seed: 9,
    runs: 20,
  },
  /** Only a surround vote counts as an offence, not two votes for one target round. */
  doubleVotesAllowed: {
    edits: [
      {
        file: "src/consensus/equivocation-watch.ts",
        find: "...(twin ? [twin] : []), ",
        replace: "",
      },
    ],
    found: ["double signature without evidence"],
    seed: 8,
    runs: 20,
    liars: ["equivocatesInVotes"],
  },
  /** One authority's claim that a later source is justified delays the votes of the others for long. */
  patientVoters: {
    edits: [
      {
        file: "src/chain/voter.ts",
        find: "const later = isLed ? sources.highest : sources.ofMinority;",
        replace: "const later = sources.highest;",
      },
      {
        file: "src/chain/voter.ts",
        find: "this.#behindIn.sinceMs + minRoundTimeoutMs - clock.now()",
        replace: "this.#behindIn.sinceMs + 30 * minRoundTimeoutMs - clock.now()",
      },
    ],
    found: ["pace lost", "not settled"],
    seed: 22,
    runs: 20,
    liars: ["votesAgainstTheBlocks"],
  },
  /** Nodes vote on the set while its last change is not final. */
  changesInARow: {
    edits: [
      {
        file: "src/chain/proposals.ts",
        find: "if (!this.isSetFinal(snapshot)) return undefined;",
        replace: "",
      },
    ],
    found: ["vote before the last change of the set is final"],
    seed: 83,
    runs: 60,
  },
  /** New parameters apply to the block that enacts them. */
  parametersEarly: {
    edits: [
      {
        file: "src/chain/ledger.ts",
        find: "this.begin(block.height, proposer, before.parameters)",
        replace: "this.begin(block.height, proposer, after.parameters)",
      },
      {
        file: "src/chain/build-block.ts",
        find: "ledger.begin(draft.height, signer.publicKey, parameters)",
        replace: "ledger.begin(draft.height, signer.publicKey, snapshot.parameters)",
      },
    ],
    found: ["balances not conserved", "limits not kept"],
    seed: 12,
    runs: 40,
  },
  /** Votes on a parameter count together, whatever their values. */
  anyValue: {
    edits: [
      {
        file: "src/consensus/voting.ts",
        find: "sameSubject(open.vote, vote) && open.vote.value === vote.value",
        replace: "sameSubject(open.vote, vote)",
      },
    ],
    found: ["wrong rules"],
    seed: 13,
    runs: 40,
  },
  /** Nodes with a recovery and nodes without it cannot tell each other apart. */
  recoveryNotInDigest: {
    edits: [
      {
        file: "protocols/digest.ts",
        find: "return rootOf(ChainDigest, of)",
        replace: "return rootOf(ChainDigest, { ...of, recoveries: [] })",
      },
    ],
    found: ["honest node penalized"],
    seed: 10,
    runs: 20,
    recovery: true,
  },
  /** The lost authorities may still sign after a recovery's block. */
  lostSetKept: {
    edits: [
      {
        file: "src/chain/recoveries.ts",
        find: "return recovery ? recoveredSnapshot(recovery)",
        replace: "return recovery ? { ...recoveredSnapshot(recovery), authorities: snapshot.authorities }",
      },
    ],
    found: ["wrong rules"],
    seed: 18,
    runs: 20,
    recovery: true,
  },
};

/** Loads the node's modules with the broken rule from now on. Call it before importing anything of the node. */
export function breakRule(name: string): void {
  const rule = brokenRules[name];
  if (!rule) throw new RangeError(`no such rule: ${name}; there are ${Object.keys(brokenRules).join(", ")}`);
  const sources = new Map<string, string>();
  for (const { file, find, replace } of rule.edits) {
    const url = new URL(`../../${file}`, import.meta.url).href;
    const source = sources.get(url) ?? readFileSync(fileURLToPath(url), "utf8");
    if (source.split(find).length !== 2) throw new Error(`${file} does not hold, once: ${find}`);
    sources.set(
      url,
      source.replace(find, () => replace),
    );
  }
  registerHooks({
    load(url, context, nextLoad) {
      const source = sources.get(url);
      if (source === undefined) return nextLoad(url, context);
      return { format: "module-typescript", shortCircuit: true, source };
    },
  });
}
