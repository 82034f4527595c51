import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** `find` stands once in `file`, and becomes `replace`. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** A rule of the node made wrong, to see that the simulator finds it. */
export interface BrokenRule {
  edits: readonly Edit[];
  /** Rules of the oracle of which one has to be reported. */
  found: readonly string[];
  /** The first of the seeds, and how many there are: those before it find nothing, and take their time. */
  seed?: number;
  runs: number;
  authorities?: number;
  /** The only behaviours of liars, where the rule shows under these. */
  liars?: readonly string[];
  /** Every run ends with a recovery. */
  recovery?: true;
}

export const brokenRules: Record<string, BrokenRule> = {
  /** Heads of equal weight stay where they were first seen, as in the first version of Clique. */
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
  /** More than half, where more than two thirds are needed. */
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
  /** Forgets after a crash what was signed before it. */
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
    seed: 2,
    runs: 40,
  },
  /** A vote around an earlier one is signed: shown by nodes that forget, over a restart, what they held to be justified. */
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
  /** The first block of an epoch forgets who signed the ones before. */
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
    seed: 4,
    runs: 40,
  },
  /** Blames the relay of a vote for what only the vote's block shows. */
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
  /** A heavier chain is one to leave `ready` for, whoever has signed it. */
  anyLead: {
    edits: [
      {
        file: "src/sync/lead.ts",
        find: "if (heads.length <= gossipGap) return false;",
        replace: "if (heads.length > 0) return true;",
      },
    ],
    found: ["left ready without cause"],
    seed: 7,
    runs: 20,
  },
  /** Two votes for one target are no offence, only one around the other. */
  doubleVotesAllowed: {
    edits: [
      {
        file: "src/consensus/equivocation-watch.ts",
        find: "if (!offence) continue;",
        replace: `if (offence !== "surround") continue;`,
      },
    ],
    found: ["double signature without evidence"],
    seed: 7,
    runs: 20,
    liars: ["equivocatesInVotes"],
  },
  /** One authority's word that a later source is justified holds the others' votes up, and for long. */
  patientVoters: {
    edits: [
      {
        file: "src/chain/voter.ts",
        find: "finalizer.rounds.sources(chain.snapshot.authorities).ofMinority;",
        replace:
          "Math.max(...chain.snapshot.authorities.map((one) => finalizer.rounds.voteOf(one)?.message.source.round ?? 0));",
      },
      {
        file: "src/chain/voter.ts",
        find: "this.#laterSource.sinceMs + minRoundTimeoutMs - clock.now()",
        replace: "this.#laterSource.sinceMs + 30 * minRoundTimeoutMs - clock.now()",
      },
    ],
    found: ["pace lost"],
    seed: 31,
    runs: 20,
    liars: ["votesAgainstTheBlocks"],
  },
  /** Votes on the set go on while its last change is not final. */
  changesInARow: {
    edits: [
      {
        file: "src/chain/proposals.ts",
        find: "const setIsFinal = sameSet(authorities, this.#finalAuthorities);",
        replace: "const setIsFinal = true || sameSet(authorities, this.#finalAuthorities);",
      },
    ],
    found: ["vote before the last change of the set is final"],
    seed: 83,
    runs: 60,
  },
  /** Parameters hold for the block that enacts them already. */
  parametersEarly: {
    edits: [
      {
        file: "src/chain/ledger.ts",
        find: "this.begin(block.height, proposer, before.parameters)",
        replace: "this.begin(block.height, proposer, after.parameters)",
      },
      {
        file: "src/chain/produce.ts",
        find: "ledger.begin(draft.height, signer.publicKey, parameters)",
        replace: "ledger.begin(draft.height, signer.publicKey, snapshot.parameters)",
      },
    ],
    found: ["balances not conserved", "limits not kept"],
    seed: 12,
    runs: 40,
  },
  /** Votes on a parameter count together, whatever values they name. */
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
    seed: 4,
    runs: 2,
    recovery: true,
  },
  /** After a recovery's block those that are lost may still sign. */
  lostSetKept: {
    edits: [
      {
        file: "src/consensus/recovery.ts",
        find: "return { ...snapshot, authorities, recentSigners",
        replace: "return { ...snapshot, recentSigners",
      },
    ],
    found: ["wrong rules"],
    seed: 4,
    runs: 2,
    recovery: true,
  },
};

/** From now on its modules are loaded with the broken rule. Call it before anything of the node is imported. */
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
