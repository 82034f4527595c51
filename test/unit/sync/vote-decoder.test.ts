import { expect, test } from "vitest";
import { VoteDecoder } from "../../../src/sync/vote-decoder.ts";
import { SignedFinalityVote } from "../../../src/types/index.ts";

function vote(voter: number, round = 7): SignedFinalityVote {
  const checkpoint = (at: number) => ({ round: at, height: at, block: new Uint8Array(32).fill(at) });
  return {
    message: { source: checkpoint(1), target: checkpoint(round) },
    voter: new Uint8Array(32).fill(voter),
    signature: new Uint8Array(64).fill(voter),
  };
}

test("decodes votes as SSZ does, and shares the link of votes for the same one", () => {
  const decoder = new VoteDecoder();
  const decoded = [vote(1), vote(2), vote(3, 8)].map((one) =>
    decoder.decode(SignedFinalityVote.serialize(one)),
  );
  expect(decoded).toEqual([vote(1), vote(2), vote(3, 8)]);
  expect(decoded[1]!.message).toBe(decoded[0]!.message);
  expect(decoded[2]!.message).not.toBe(decoded[0]!.message);
});

test("refuses too few or too many bytes even with a known link, and keeps nothing of the message", () => {
  const decoder = new VoteDecoder();
  const bytes = SignedFinalityVote.serialize(vote(1));
  decoder.decode(bytes);
  for (const wrong of [bytes.subarray(0, 191), Uint8Array.of(...bytes, 0), new Uint8Array(0)])
    expect(() => decoder.decode(wrong)).toThrow();
  const again = decoder.decode(bytes);
  bytes.fill(0);
  expect(again).toEqual(vote(1));
});

test("refuses a link each time if its round is not a safe number", () => {
  const decoder = new VoteDecoder();
  const bytes = SignedFinalityVote.serialize(vote(1));
  bytes.fill(0xff, 0, 8);
  for (let time = 0; time < 2; time++) expect(() => decoder.decode(bytes)).toThrow();
});
