import { describe, expect, test } from "vitest";
import { checkEvidence, headerEvidence, voteEvidence } from "../../../src/consensus/index.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { Evidence, FinalityVote, Header, type SignedFinalityVote } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { genesisId, signedHeader, signedVote, slotMs } from "./equivocation.ts";

const rules = { slotMs, genesisId };
const check = (evidence: Evidence) => checkEvidence(evidence, rules, verifySignatures);
const pairOf = (evidence: Evidence | undefined) => evidence?.headers[0] ?? evidence!.votes[0]!;

describe("evidence that proves an offence", () => {
  test("two headers in one slot, at any heights", async () => {
    const evidence = headerEvidence(signedHeader("A", 5_000, 4), signedHeader("A", 5_999, 3), slotMs)!;
    const decoded = Evidence.deserialize(Evidence.serialize(evidence));
    expect(await check(decoded)).toMatchObject({ offence: "header", slot: 5 });
  });

  test.each<[string, [number, number], [number, number], string | undefined]>([
    ["one target round", [0, 3], [0, 3], "doubleVote"],
    ["one target round, other sources", [0, 3], [2, 3], "doubleVote"],
    ["a vote around another", [0, 4], [1, 3], "surround"],
    ["a vote inside another", [2, 3], [1, 9], "surround"],
    ["one source", [1, 3], [1, 4], undefined],
    ["one after another", [1, 3], [3, 4], undefined],
    ["overlapping", [1, 3], [2, 4], undefined],
  ])("votes: %s", async (_, a, b, offence) => {
    const evidence = voteEvidence(signedVote("A", ...a, 1), signedVote("A", ...b, 2));
    if (!offence) return expect(evidence).toBeUndefined();
    expect(await check(evidence!)).toMatchObject({ offence, round: Math.max(a[1], b[1]) });
  });

  test("one id, whichever was seen first", () => {
    const [a, b] = [signedHeader("A", 5_000, 4), signedHeader("A", 5_100, 4)];
    expect(headerEvidence(a, b, slotMs)).toEqual(headerEvidence(b, a, slotMs));
    const [c, d] = [signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2)];
    expect(voteEvidence(c, d)).toEqual(voteEvidence(d, c));
  });
});

describe("what proves nothing", () => {
  const good = () => headerEvidence(signedHeader("A", 5_000, 4), signedHeader("A", 5_100, 4), slotMs)!;
  const goodVotes = () => voteEvidence(signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2))!;
  const pair = (first: ReturnType<typeof signedHeader>, second: typeof first): Evidence => ({
    headers: [{ first, second }],
    votes: [],
  });
  const pairOfVotes = () => goodVotes().votes[0]!;
  const swapped = (evidence: Evidence) => {
    const { first, second } = pairOf(evidence);
    return { headers: [{ first: second, second: first }], votes: [] } as Evidence;
  };
  const votes = (a: SignedFinalityVote, b: SignedFinalityVote): Evidence => ({
    headers: [],
    votes: [{ first: a, second: b }],
  });
  /** Makes a pair of votes for one round in the right order and applies `change` to both. */
  const changedVotes = (change: (link: FinalityVote) => unknown): Evidence => {
    const [a, b] = [signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2)];
    change(a.message);
    change(b.message);
    return voteEvidence(a, b)!;
  };
  const cases: [string, string, () => Evidence][] = [
    ["votes in the wrong order", "MALFORMED", () => votes(pairOfVotes().second, pairOfVotes().first)],
    [
      "the same vote twice",
      "NOT_CONFLICTING",
      () => votes(signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 1)),
    ],
    [
      "votes of two voters",
      "NOT_CONFLICTING",
      () => votes(signedVote("A", 0, 3, 1), signedVote("B", 0, 3, 2)),
    ],
    ["honest votes", "NOT_CONFLICTING", () => votes(signedVote("A", 0, 3, 1), signedVote("A", 3, 4, 2))],
    [
      "a vote from a round to itself",
      "MALFORMED",
      () => changedVotes(({ source }) => Object.assign(source, { round: 3 })),
    ],
    [
      "a source's round below 0",
      "MALFORMED",
      () => changedVotes(({ source }) => Object.assign(source, { round: -1 })),
    ],
    [
      "a source's height too large",
      "MALFORMED",
      () => changedVotes(({ source }) => Object.assign(source, { height: 2 ** 53 })),
    ],
    [
      "a target's round too large",
      "MALFORMED",
      () => changedVotes(({ target }) => Object.assign(target, { round: 2 ** 53 })),
    ],
    [
      "a target's height too large",
      "MALFORMED",
      () => changedVotes(({ target }) => Object.assign(target, { height: 2 ** 53 })),
    ],
    [
      "another's signature of a vote",
      "INVALID_SIGNATURE",
      () => {
        const evidence = goodVotes();
        pairOf(evidence).first.signature = signedVote("B", 0, 3, 1).signature;
        return evidence;
      },
    ],
    ["empty", "MALFORMED", () => ({ headers: [], votes: [] })],
    ["both kinds", "MALFORMED", () => ({ ...good(), votes: goodVotes().votes })],
    ["in the wrong order", "MALFORMED", () => swapped(good())],
    [
      "the same header twice",
      "NOT_CONFLICTING",
      () => pair(signedHeader("A", 5_000, 4), signedHeader("A", 5_000, 4)),
    ],
    ["two slots", "NOT_CONFLICTING", () => pair(signedHeader("A", 5_000, 4), signedHeader("A", 6_000, 4))],
    [
      "two proposers",
      "NOT_CONFLICTING",
      () => pair(signedHeader("A", 5_000, 4), signedHeader("B", 5_000, 4)),
    ],
    ["a genesis header", "MALFORMED", () => pair(signedHeader("A", 5_000, 0), signedHeader("A", 5_000, 4))],
    [
      "a number too large",
      "MALFORMED",
      () => pair(signedHeader("A", 5_000, 2 ** 60), signedHeader("A", 5_000, 4)),
    ],
    [
      "another's signature",
      "INVALID_SIGNATURE",
      () => {
        const evidence = good();
        pairOf(evidence).second.signature = signedHeader("B", 5_100, 4).signature;
        return evidence;
      },
    ],
    [
      "another chain",
      "INVALID_SIGNATURE",
      () => {
        const other = new Uint8Array(32).fill(9);
        return headerEvidence(
          signedHeader("A", 5_000, 4, other),
          signedHeader("A", 5_100, 4, other),
          slotMs,
        )!;
      },
    ],
    [
      "a vote with its target below its source",
      "MALFORMED",
      () => {
        const evidence = goodVotes();
        evidence.votes[0]!.first.message.source.round = 3;
        return evidence;
      },
    ],
  ];
  test.each(cases)("%s", async (_, code, make) => {
    await expect(check(make())).rejects.toMatchObject({ code });
  });
});

test("both messages of a pair are checked, whichever comes first", async () => {
  const places = new Set<string>();
  for (const nth of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const genesis = signedHeader("A", 5_000 + nth, 0);
    const headers = headerEvidence(signedHeader("A", 5_000, 4), genesis, slotMs)!;
    const backwards = signedVote("A", 0, 3, nth);
    backwards.message.source.round = 4;
    const votes = voteEvidence(signedVote("A", 0, 3, 9), backwards)!;
    for (const evidence of [headers, votes])
      await expect(check(evidence)).rejects.toMatchObject({ code: "MALFORMED" });
    places.add(headers.headers[0]!.first === genesis ? "header first" : "header second");
    places.add(votes.votes[0]!.first === backwards ? "vote first" : "vote second");
  }
  expect(places.size).toBe(4);
});

test("evidence names the message with the lower root first", () => {
  const [a, b] = [signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2)];
  const [c, d] = [signedHeader("A", 5_000, 4), signedHeader("A", 5_100, 4)];
  const { first, second } = voteEvidence(a, b)!.votes[0]!;
  const headers = headerEvidence(c, d, slotMs)!.headers[0]!;
  const roots = [first, second].map(({ message }) => FinalityVote.hashTreeRoot(message));
  const headerRoots = [headers.first, headers.second].map(({ message }) => Header.hashTreeRoot(message));
  expect(roots.toSorted(compareBytes)).toEqual(roots);
  expect(headerRoots.toSorted(compareBytes)).toEqual(headerRoots);
});

test("whoever signed evidence need not be known: the keys are checked with the signatures", async () => {
  const sets: unknown[] = [];
  const accept: Verify = async (all) => {
    sets.push(...all);
    return all.map(() => true);
  };
  await checkEvidence(voteEvidence(signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2))!, rules, accept);
  await checkEvidence(
    headerEvidence(signedHeader("A", 5_000, 4), signedHeader("A", 5_100, 4), slotMs)!,
    rules,
    accept,
  );
  expect(sets).toHaveLength(4);
  for (const set of sets) expect(set).toMatchObject({ newKey: true });
});
