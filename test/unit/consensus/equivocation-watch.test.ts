import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkEvidence, EquivocationWatch, voteEvidence, voteOffence } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { type Evidence, FinalityVote, type SignedFinalityVote } from "../../../src/types/index.ts";
import { genesisId, signedHeader, signedVote, slotMs } from "./equivocation.ts";

const check = (evidence: Evidence) => checkEvidence(evidence, { slotMs, genesisId }, verifySignatures);

/** Makes a watch for which nothing is open, unless it is said. */
function watchOf(open: Partial<ConstructorParameters<typeof EquivocationWatch>[0]> = {}): EquivocationWatch {
  return new EquivocationWatch({
    ...{ slotMs, presentSlot: () => 0, openRounds: () => ({ from: 0, to: -1 }) },
    ...open,
  });
}

const template = signedHeader("A", 0, 1);

describe("the watch", () => {
  test("recognizes each of the first two votes of a round", () => {
    const watch = watchOf();
    const votes = [1, 2, 3].map((block) => signedVote("A", 1, 2, block));
    expect(votes.map((vote) => watch.vote(vote).isNew)).toEqual([true, true, true]);
    expect(votes.map((vote) => watch.vote(vote).isNew)).toEqual([false, false, true]);
  });

  test("shows conflicts among everything it sees, once they are there", async () => {
    const watch = watchOf();
    expect(watch.header(signedHeader("A", 5_000, 4))).toBeUndefined();
    expect(watch.header(signedHeader("A", 5_000, 4))).toBeUndefined();
    expect(watch.header(signedHeader("B", 5_100, 4))).toBeUndefined();
    expect(watch.header(signedHeader("A", 6_000, 5))).toBeUndefined();
    await check(watch.header(signedHeader("A", 5_200, 5))!);
    expect(watch.vote(signedVote("A", 1, 2, 1)).conflicts).toEqual([]);
    expect(watch.vote(signedVote("A", 1, 2, 1)).conflicts).toEqual([]);
    expect(watch.vote(signedVote("A", 2, 3, 1)).conflicts).toEqual([]);
    await check(watch.vote(signedVote("A", 1, 4, 1)).conflicts[0]!.evidence()!);
    const both = watch.vote(signedVote("A", 2, 3, 2)).conflicts;
    const offences = await Promise.all(both.map(({ evidence }) => check(evidence()!)));
    expect(offences.map(({ offence, round }) => `${offence} ${round}`).sort()).toEqual([
      "doubleVote 3",
      "surround 4",
    ]);
  });

  test("finds every offence among two votes of each round, once or more, and none among honest ones", () => {
    const link = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 2 }));
    const offenceOf = (a: SignedFinalityVote, b: SignedFinalityVote) => {
      const offence = voteEvidence(a, b) && voteOffence(a.message, b.message);
      return offence && `${offence} ${Math.max(a.message.target.round, b.message.target.round)}`;
    };
    fc.assert(
      fc.property(fc.array(link, { maxLength: 12 }), (links) => {
        const watch = watchOf();
        const votes = links.filter(([s, t]) => s < t).map(([s, t, block]) => signedVote("A", s, t, block));
        const taken: SignedFinalityVote[] = [];
        const expected = new Set<string>();
        const found = new Set<string>();
        for (const vote of votes) {
          for (const before of taken) expected.add(offenceOf(before, vote) ?? "");
          const isNew = !taken.some((before) => FinalityVote.equals(before.message, vote.message));
          const inRound = taken.filter(({ message }) => message.target.round === vote.message.target.round);
          if (isNew && inRound.length < 2) taken.push(vote);
          for (const { round, evidence } of watch.vote(vote).conflicts)
            for (const { first, second } of evidence()?.votes ?? []) {
              const offence = offenceOf(first, second) ?? "none";
              expect(offence.endsWith(` ${round}`)).toBe(true);
              found.add(offence);
            }
        }
        expected.delete("");
        expect([...found].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 200 },
    );
  });

  test("shows a few of a thousand votes that surround one, those in open rounds first, and each once", () => {
    const watch = watchOf({ openRounds: () => ({ from: 102, to: 112 }) });
    const rounds = (source: number, target: number) => {
      const vote = { ...signedVoteOf(target, 1), voter: new Uint8Array(32) };
      const message = { ...vote.message, source: { ...vote.message.source, round: source } };
      const counted = {
        ...vote,
        get message() {
          reads++;
          return message;
        },
      };
      return watch.vote(counted).conflicts.map(({ round }) => round);
    };
    let reads = 0;
    for (let target = 100; target < 1_100; target++) expect(rounds(0, target)).toEqual([]);
    const first = rounds(1, 20);
    expect(first).toEqual([102, 103, 104, 105, 106, 107, 108, 109]);
    const shown = [...first];
    reads = 0;
    for (let inner = 21; inner < 99; inner++) shown.push(...rounds(1, inner));
    expect(shown).toHaveLength(79 * 8);
    expect(new Set(shown).size).toBe(shown.length);
    // Each vote is looked at, and no evidence is made before somebody wants it.
    expect(reads / 78).toBeLessThan(4 * 1_000);
  });

  test("remembers headers of 16,384 slots in all, and of 64 slots of an authority at least", () => {
    const header = (authority: number, slot: number, height = 1) => {
      const { message, signature } = template;
      return {
        message: { ...message, proposer: Buffer.alloc(32, `${authority}`), timestamp: slot * slotMs, height },
        signature,
      };
    };
    const contradicts = (watch: EquivocationWatch, slot: number) =>
      watch.header(header(999, slot, 2)) !== undefined;
    const alone = watchOf();
    for (let slot = 1; slot <= 400; slot++) alone.header(header(999, slot));
    expect(contradicts(alone, 1)).toBe(true);
    const crowd = (presentSlot = () => 0) => {
      const watch = watchOf({ presentSlot });
      for (let authority = 0; authority < 1_000; authority++) watch.header(header(authority, 1));
      return watch;
    };
    const busy = crowd();
    for (let slot = 2; slot <= 65; slot++) busy.header(header(999, slot));
    expect([2, 1].map((slot) => contradicts(busy, slot))).toEqual([true, false]);
    // Headers of slots that are far off do not push out those of the slots up to the present one.
    const flooded = crowd(() => 64);
    for (let slot = 65; slot <= 200; slot++) flooded.header(header(999, slot));
    expect([1, 65, 200].map((slot) => contradicts(flooded, slot))).toEqual([true, false, true]);
    const later = crowd(() => 65);
    for (let slot = 66; slot <= 200; slot++) later.header(header(999, slot));
    expect(contradicts(later, 1)).toBe(false);
  });

  test("remembers 16,384 rounds of votes in all, and 64 of an authority at least", () => {
    const unsigned = (voter: number, target: number, block: number): SignedFinalityVote => ({
      ...signedVoteOf(target, block),
      voter: Buffer.alloc(32, `${voter}`),
    });
    const contradicts = (watch: EquivocationWatch, voter: number, round: number) =>
      watch.vote(unsigned(voter, round, 2)).conflicts.length > 0;
    const alone = watchOf();
    // Later ones are compared with all others: sources that rise with them keep that short.
    for (let round = 1; round <= 400; round++) alone.vote(unsigned(1, round, 1));
    expect(contradicts(alone, 1, 1)).toBe(true);
    const crowd = watchOf();
    for (let voter = 0; voter < 1_000; voter++) crowd.vote(unsigned(voter, 1, 1));
    for (let round = 2; round <= 66; round++) crowd.vote(unsigned(999, round, 1));
    expect(contradicts(crowd, 999, 3)).toBe(true);
    expect(contradicts(crowd, 999, 1)).toBe(false);
    // Votes of invented rounds do not push out those of the rounds that count.
    const flooded = watchOf({ openRounds: () => ({ from: 0, to: 2 }) });
    for (let voter = 0; voter < 1_000; voter++) flooded.vote(unsigned(voter, 1, 1));
    for (let round = 2; round <= 200; round++) flooded.vote(unsigned(999, round, 1));
    expect(contradicts(flooded, 999, 1)).toBe(true);
    expect(contradicts(flooded, 999, 2)).toBe(true);
    expect(contradicts(flooded, 999, 3)).toBe(false);
    // If all of them count, the first ones go.
    const open = watchOf({ openRounds: () => ({ from: 0, to: 99 }) });
    for (let voter = 0; voter < 1_000; voter++) open.vote(unsigned(voter, 1, 1));
    for (let round = 2; round <= 66; round++) open.vote(unsigned(999, round, 1));
    expect(contradicts(open, 999, 3)).toBe(true);
    expect(contradicts(open, 999, 1)).toBe(false);
  });
});

/** Makes a vote like `signedVote`, without a signature. */
function signedVoteOf(target: number, block: number) {
  const checkpoint = (round: number, id: number) => ({ round, height: round, block: Buffer.alloc(32, id) });
  return {
    message: { source: checkpoint(target - 1, 0), target: checkpoint(target, block) },
    signature: new Uint8Array(64),
  };
}
