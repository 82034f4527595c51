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
  return { isKnownInSync, mines: true, voter: a!, knownRules: 1, peersKnow: [1, 2, 1], ...more };
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
  // A set of five needs three signers, a set of three needs two.
  expect(refuses(authorityVote("add", e!), knowing([a, b]))).toBe(true);
  expect(refuses(authorityVote("add", e!), knowing([a, b, e]))).toBe(false);
  expect(refuses(authorityVote("add", e!), knowing([a, b, c]))).toBe(false);
  expect(refuses(authorityVote("remove", d!), knowing([a, d]))).toBe(true);
  expect(refuses(authorityVote("remove", d!), knowing([a, b]))).toBe(false);
  expect(refuses(parameterVote("minFee", 2n), knowing([]))).toBe(false);
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

it("warns a node whose votes do not count", () => {
  const vote = parameterVote("minFee", 2n);
  expect(codes(vote, knowing([a, b, c], { voter: e! }))).toEqual(["NOT_AN_AUTHORITY"]);
  expect(codes(vote, knowing([a, b, c], { mines: false }))).toEqual(["NOT_MINING"]);
});
