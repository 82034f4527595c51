import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyHeader,
  applyVote,
  maxOpenVotesPerVoter,
  productionTime,
} from "../../../src/consensus/index.ts";
import { encodeSnapshot } from "../../../src/storage/snapshot.ts";
import type { ChainSnapshot, OpenVote } from "../../../src/types/authority.ts";
import {
  authorityVote,
  maxAuthorities,
  noVote,
  parameterNumbers,
  voteKinds,
} from "../../../src/types/index.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { addressOf, codeOf, defaultConfig, extend, genesisParent, namesOf } from "./test-chain.ts";

const letters = [..."ABCDEFGH"];

function votesOf(snapshot: ChainSnapshot): string {
  return snapshot.openVotes
    .map(({ voter, vote: { candidate, kind }, height }) => {
      const sign = kind === voteKinds.add ? "+" : "-";
      return `${namesOf([voter], letters)}${sign}${namesOf([candidate], letters)}@${height}`;
    })
    .join(" ");
}

describe("open votes", () => {
  const votesAfter = (signers: string, blocks: string) =>
    votesOf(extend(genesisParent(signers), blocks.split(" ")).snapshot);

  test("keeps open votes oldest first with their height", () => {
    expect(votesAfter("ABCD", "A+E B+F C-D")).toBe("A+E@1 B+F@2 C-D@3");
  });

  test("a second vote of a voter on a candidate replaces the first", () => {
    expect(votesAfter("ABCD", "A+E B+E D A+E")).toBe("B+E@2 A+E@4");
  });

  test("a vote that changes nothing is not counted", () => {
    expect(votesAfter("ABCD", "A+B B-E")).toBe("");
  });

  test("a vote that changes nothing still takes back the voter's older one", () => {
    expect(votesAfter("ABCD", "A+E B+E C A-E")).toBe("B+E@2");
    expect(votesAfter("ABCD", "A-B B C A+B")).toBe("");
  });

  test("enacting clears the votes on the candidate and those of the removed", () => {
    expect(votesAfter("ABC", "A+D B+E C-B A+F B+D")).toBe("B+E@2 C-B@3 A+F@4");
    expect(votesAfter("ABC", "C+D B+E A-C B-C")).toBe("B+E@2");
  });

  test("an epoch clears them", () => {
    const config = { ...defaultConfig, epochLength: 3 };
    expect(votesOf(extend(genesisParent("ABCD"), ["A+E", "B+E"], config).snapshot)).toBe("A+E@1 B+E@2");
    expect(votesOf(extend(genesisParent("ABCD"), ["A+E", "B+E", "C"], config).snapshot)).toBe("");
  });
});

describe("limits of the set", () => {
  test("the last authority stays until a vote touches it, even with an older one of its own against itself", () => {
    const two = extend(genesisParent("AB"), ["B-B", "A-A"]);
    const alone = extend(two, ["B-A", "B"]);
    expect(namesOf(alone.snapshot.authorities, letters)).toBe("B");
    expect(votesOf(alone.snapshot)).toBe("B-B@1");
  });

  test("an empty set ends the chain: each block that would follow is refused, with the reason", () => {
    const ended = extend(genesisParent("A"), ["A", "A-A"]);
    expect(ended.snapshot).toMatchObject({ authorities: [], recentSigners: [], openVotes: [] });
    for (const block of ["A", "B", "A+A", "A-A"])
      expect(() => extend(ended, [block])).toThrow(/no authority is left.*ended the chain/);
    expect(codeOf(() => extend(ended, ["A"]))).toBe("NOT_AN_AUTHORITY");
    expect(productionTime(ended.snapshot, ended.header, addressOf("A"))).toBeUndefined();
  });

  test("a full set takes nobody in", () => {
    const full = numbered(maxAuthorities, 0);
    const { parameters } = genesisParent("A").snapshot;
    const vote = authorityVote("add", addressOf("Z"));
    const votes = (count: number): OpenVote[] =>
      full.slice(1, count + 1).map((voter) => ({ voter, height: 1, vote }));
    const last = { height: 2, proposer: full[900]!, vote };
    const open = applyVote(
      { authorities: full.slice(1), openVotes: votes(511), parameters },
      last,
      defaultConfig,
    );
    expect(open.authorities).toHaveLength(maxAuthorities);
    const closed = applyVote({ authorities: full, openVotes: votes(600), parameters }, last, defaultConfig);
    expect(closed.authorities).toBe(full);
    expect(closed.openVotes).toHaveLength(600);
  });

  test("a voter's open votes are bounded", () => {
    const { authorities, parameters } = genesisParent("ABC").snapshot;
    const openVotes = numbered(maxOpenVotesPerVoter, 7).map((candidate, height): OpenVote => {
      return { voter: addressOf("A"), vote: authorityVote("add", candidate), height };
    });
    const next = (voter: string) => {
      const vote = authorityVote("add", addressOf("Z"));
      const header = { height: 1, proposer: addressOf(voter), vote };
      return applyVote({ authorities, openVotes, parameters }, header, defaultConfig);
    };
    expect(next("A").openVotes).toHaveLength(maxOpenVotesPerVoter);
    expect(next("B").openVotes).toHaveLength(maxOpenVotesPerVoter + 1);
  });

  test("an honest voter has room for its votes, and a third of the largest set cannot make blocks dear", () => {
    expect(maxOpenVotesPerVoter).toBeGreaterThan(Object.keys(parameterNumbers).length + 1);
    const { parameters, recovery } = genesisParent("A").snapshot;
    const authorities = numbered(maxAuthorities, 0);
    const coalition = authorities.slice(0, maxAuthorities / 3);
    let openVotes: OpenVote[] = [];
    for (const [turn, candidate] of numbered(18, 2_000).entries())
      for (const proposer of coalition) {
        const header = { height: turn + 1, proposer, vote: authorityVote("add", candidate) };
        ({ openVotes } = applyVote({ authorities, openVotes, parameters }, header, defaultConfig));
      }
    const snapshot = { authorities, recentSigners: [], openVotes, parameters, recovery };
    // A node writes it with each block.
    expect(encodeSnapshot(snapshot).length).toBeLessThan(2 ** 19);
  });
});

/** Returns ascending addresses. */
function numbered(count: number, first: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const address = new Uint8Array(32).fill(first);
    address.set(uint32Bytes(i + 1), 4);
    return address;
  });
}

/** A model of Clique's voting with a table of tallies instead of a list of votes. */
class TallyModel {
  readonly signers: Set<string>;
  votes: { voter: string; candidate: string }[] = [];
  readonly tally = new Map<string, number>();

  constructor(signers: string[]) {
    this.signers = new Set(signers);
  }

  apply(voter: string, kind: number, candidate: string): void {
    this.#drop((vote) => vote.voter === voter && vote.candidate === candidate);
    const member = this.signers.has(candidate);
    const useful = kind === voteKinds.add ? !member : member;
    if (useful) {
      this.votes.push({ voter, candidate });
      this.tally.set(candidate, (this.tally.get(candidate) ?? 0) + 1);
    }
    if ((this.tally.get(candidate) ?? 0) <= this.signers.size / 2) return;
    if (member) {
      this.signers.delete(candidate);
      this.#drop((vote) => vote.voter === candidate);
    } else this.signers.add(candidate);
    this.#drop((vote) => vote.candidate === candidate);
  }

  clear(): void {
    this.#drop(() => true);
  }

  #drop(matches: (vote: { voter: string; candidate: string }) => boolean): void {
    for (const vote of this.votes.filter(matches)) {
      this.tally.set(vote.candidate, this.tally.get(vote.candidate)! - 1);
    }
    this.votes = this.votes.filter((vote) => !matches(vote));
  }
}

test("random chains: the tally model agrees and the snapshot stays well formed", () => {
  const step = fc.record({
    signer: fc.nat(7),
    kind: fc.integer({ min: 0, max: 2 }),
    candidate: fc.nat(letters.length - 1),
  });
  const chains = fc.record({
    size: fc.integer({ min: 1, max: 6 }),
    epochLength: fc.constantFrom(7, 50, 1000),
    steps: fc.array(step, { minLength: 20, maxLength: 120 }),
  });
  let changes = 0;
  fc.assert(
    fc.property(chains, ({ size, epochLength, steps }) => {
      let { snapshot } = genesisParent(letters.slice(0, size).join(""));
      const model = new TallyModel(snapshot.authorities.map(toHex));
      for (const [index, { signer, kind, candidate }] of steps.entries()) {
        const height = index + 1;
        // Any signer will do, because the recent-signer rule is not applied here.
        const proposer = snapshot.authorities[signer % snapshot.authorities.length];
        if (!proposer) break;
        const epoch = height % epochLength === 0;
        const voteKind = epoch ? voteKinds.none : kind;
        const vote = { ...noVote, kind: voteKind, candidate: addressOf(letters[candidate]!) };
        const { length } = snapshot.authorities;
        snapshot = applyHeader(snapshot, { height, proposer, vote }, { ...defaultConfig, epochLength });
        if (snapshot.authorities.length !== length) changes++;
        if (epoch) model.clear();
        else if (voteKind !== voteKinds.none) model.apply(toHex(proposer), voteKind, toHex(vote.candidate));

        const set = snapshot.authorities.map(toHex);
        expect(set).toEqual([...model.signers].sort());
        const votes = snapshot.openVotes.map((open) => ({
          voter: toHex(open.voter),
          candidate: toHex(open.vote.candidate),
        }));
        expect(votes).toEqual(model.votes);
        for (const open of snapshot.openVotes) {
          expect(open.vote.kind).toBe(
            set.includes(toHex(open.vote.candidate)) ? voteKinds.remove : voteKinds.add,
          );
          expect(set).toContain(toHex(open.voter));
        }
      }
    }),
    { numRuns: 150, seed: 225 },
  );
  expect(changes).toBeGreaterThan(100);
});
