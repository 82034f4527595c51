import { expect, it } from "vitest";
import { danger, type ProposalContext, proposalWarnings } from "../../../src/api/proposal-body.ts";
import { authorityVote, type HeaderVote, parameterVote } from "../../../src/types/index.ts";
import { addressOf, genesisParent } from "../consensus/test-chain.ts";

const { snapshot } = genesisParent("ABCD");
const [a, b, c, d, e] = ["A", "B", "C", "D", "E"].map(addressOf);

/** Makes the context of A's node, which knows rules 1 and that these authorities are alive. */
function knowing(
  alive: readonly (Uint8Array | undefined)[],
  more: Partial<ProposalContext> = {},
): ProposalContext {
  const isKnownInSync = (address: Uint8Array) => (alive.includes(address) ? true : undefined);
  return {
    isKnownInSync,
    mines: true,
    voter: a!,
    knownRules: 1,
    peersKnow: [1, 2, 1],
    epochLength: 4,
    otherVotes: [],
    isSetFinal: true,
    balanceOf: () => 100n,
    ...more,
  };
}
const codes = (vote: HeaderVote, context: ProposalContext) =>
  proposalWarnings({ vote }, snapshot, context).map(({ code }) => code);

it("warns if fewer authorities are known to be alive than must vote", () => {
  const remove = authorityVote("remove", d!);
  expect(codes(remove, knowing([a, b]))).toEqual(["NO_FAULT_TOLERANCE", "TOO_FEW_VOTERS"]);
  expect(codes(remove, knowing([a, b, c]))).toEqual(["NO_FAULT_TOLERANCE"]);
  expect(codes(parameterVote("minFee", 2n), knowing([a, b]))).toEqual(["TOO_FEW_VOTERS"]);
});

it("refuses a change of the set after which too few would be known to be alive, and no other", () => {
  const refuses = (vote: HeaderVote, context: ProposalContext) =>
    danger({ vote }, snapshot, context) !== undefined;
  // Finality needs four of a set of five, and three of a set of three.
  expect(refuses(authorityVote("add", e!), knowing([a, b, c]))).toBe(true);
  expect(refuses(authorityVote("add", e!), knowing([a, b, c, e]))).toBe(false);
  expect(refuses(authorityVote("add", e!), knowing([a, b, c, d]))).toBe(false);
  expect(refuses(authorityVote("remove", d!), knowing([a, b, d]))).toBe(true);
  expect(refuses(authorityVote("remove", d!), knowing([a, b, c]))).toBe(false);
  expect(refuses(parameterVote("minFee", 2n), knowing([]))).toBe(false);
});

it("says what a refused change of the set would stop", () => {
  const refusal = (alive: readonly (Uint8Array | undefined)[]) =>
    danger({ vote: authorityVote("add", e!) }, snapshot, knowing(alive));
  expect(refusal([a, b])).toContain(
    "5 authorities would need 3 to sign blocks, and only 2 are known to be alive: the chain could halt for good",
  );
  expect(refusal([a, b, c])).toContain(
    "5 authorities would need 4 to vote for finality, and only 3 are known to be alive: the change might never be final",
  );
});

it("refuses what leaves an epoch too short for the votes of a majority", () => {
  const refusal = (vote: HeaderVote, epochLength: number) =>
    danger({ vote }, snapshot, knowing([a, b, c, d, e], { epochLength }));
  // Three of four and of five must vote, and two of three.
  for (const vote of [authorityVote("add", e!), authorityVote("remove", d!), parameterVote("minFee", 2n)]) {
    expect(refusal(vote, 3)).toContain(
      "3 must vote for a change in one epoch, and one of 3 blocks has room for 2",
    );
    expect(refusal(vote, 4)).toBeUndefined();
  }
  const ofFive = danger(
    { vote: authorityVote("add", addressOf("F")) },
    { ...snapshot, authorities: [a!, b!, c!, d!, e!] },
    knowing([a, b, c, d, e]),
  );
  expect(ofFive).toContain("of 6 authorities 4 must vote for a change in one epoch");
});

it("warns that votes on the set wait while the last change is not final", () => {
  const waiting = knowing([a, b, c, d], { isSetFinal: false });
  expect(codes(authorityVote("add", e!), waiting)).toEqual(["CANDIDATE_NOT_IN_SYNC", "SET_NOT_FINAL"]);
  expect(codes(authorityVote("remove", d!), waiting)).toEqual(["NO_FAULT_TOLERANCE", "SET_NOT_FINAL"]);
  expect(codes(parameterVote("minFee", 2n), waiting)).toEqual([]);
});

it("counts the changes of the set that the node has proposed before", () => {
  const add = (name: string) => authorityVote("add", addressOf(name));
  const refusal = (vote: HeaderVote, otherVotes: HeaderVote[], alive = [a, b, c, d]) =>
    danger({ vote }, snapshot, knowing(alive, { otherVotes, epochLength: 30_000 }));
  // Four are a quorum of five, and a majority of seven.
  expect(refusal(add("E"), [parameterVote("minFee", 2n)])).toBeUndefined();
  expect(refusal(add("F"), [add("E")])).toContain(
    "6 authorities (with this node's other proposals) would need 5 to vote for finality, and only 4 are known",
  );
  expect(refusal(add("H"), [add("E"), add("F"), add("G")])).toContain(
    "8 authorities (with this node's other proposals) would need 5 to sign blocks, and only 4 are known",
  );
  expect(refusal(authorityVote("remove", b!), [authorityVote("remove", a!)])).toBeUndefined();
});

it("warns of the removal of the node's own account", () => {
  expect(codes(authorityVote("remove", a!), knowing([a, b, c, d]))).toContain("OWN_ACCOUNT");
  expect(codes(authorityVote("remove", b!), knowing([a, b, c, d]))).not.toContain("OWN_ACCOUNT");
});

it("refuses rules that its program does not know, and warns of nodes that do not", () => {
  const vote = parameterVote("rules", 2n);
  expect(danger({ vote }, snapshot, knowing([a, b, c, d]))).toContain(
    "would stop at the block that enacts 2",
  );
  const upgraded = knowing([a, b, c, d], { knownRules: 2 });
  expect(danger({ vote }, snapshot, upgraded)).toBeUndefined();
  expect(codes(vote, upgraded)).toEqual(["NODES_TO_UPGRADE"]);
  expect(codes(vote, { ...upgraded, peersKnow: [2, 3] })).toEqual([]);
});

it("refuses a reward that would soon be more than a balance can hold", () => {
  const all = [a, b, c, d];
  const refused = (value: bigint, balance = 100n) =>
    danger(
      { vote: parameterVote("blockReward", value) },
      snapshot,
      knowing(all, { balanceOf: () => balance }),
    );
  expect(refused(2n ** 64n - 1n)).toContain("could hold this reward 0 times");
  expect(refused(18_446_744_073_710n)).toContain("could hold this reward 999999 times");
  expect(refused(2n ** 44n)).toBeUndefined();
  expect(refused(1n, 2n ** 64n - 5n)).toContain("could hold this reward 4 times");
  expect(refused(0n, 2n ** 64n - 1n)).toBeUndefined();
});

it("refuses a far longer period, with which votes would take days, and no other", () => {
  const refused = (value: bigint) =>
    danger({ vote: parameterVote("periodMs", value) }, snapshot, knowing([a, b, c, d]));
  expect(refused(2n ** 31n - 1n)).toContain("a vote to undo it would take 3 blocks");
  expect(refused(3_600_000n)).toContain("a block every");
  expect(refused(3_599_999n)).toBeUndefined();
});

it("warns of a fee that no authority could pay, unless they have nothing at all", () => {
  const fee = (value: bigint, balance: bigint) =>
    codes(parameterVote("minFee", value), knowing([a, b, c], { balanceOf: () => balance }));
  expect(fee(101n, 100n)).toEqual(["FEE_NOT_PAYABLE"]);
  expect(fee(100n, 100n)).toEqual([]);
  expect(fee(101n, 0n)).toEqual([]);
});

it("warns a node whose votes do not count", () => {
  const vote = parameterVote("minFee", 2n);
  expect(codes(vote, knowing([a, b, c], { voter: e! }))).toEqual(["NOT_AN_AUTHORITY"]);
  expect(codes(vote, knowing([a, b, c], { mines: false }))).toEqual(["NOT_MINING"]);
});
