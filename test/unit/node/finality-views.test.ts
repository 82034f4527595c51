import { expect, test } from "vitest";
import type { FinalityBody } from "../../../src/api/index.ts";
import { finalityBody } from "../../../src/node/finality-views.ts";
import type { FinalityProof } from "../../../src/types/index.ts";
import { Kept } from "../../../src/util/kept.ts";

test("the proof is read and encoded once until another block is final, and looked for while it is missing", async () => {
  const checkpoint = (height: number) => ({ round: height, height, block: new Uint8Array(32).fill(height) });
  const link = { source: checkpoint(1), target: checkpoint(2) };
  const certificate = { link, voters: [], signatures: [] };
  let stored: FinalityProof | undefined;
  const asked: number[] = [];
  const store = {
    proofFrom: async (height: number) => {
      asked.push(height);
      return stored;
    },
  };
  const finality = { justified: checkpoint(2), finalized: checkpoint(1) };
  const parts = {
    chain: { finality, snapshot: { authorities: [] } },
    finalizer: { rounds: { voteOf: () => undefined, targets: () => ({ ofMinority: 0 }) } },
    voter: undefined,
  } as unknown as Parameters<typeof finalityBody>[0];
  const proofs = new Kept<FinalityBody["proof"]>();
  const answer = () => finalityBody(parts, store, proofs);
  expect((await answer()).proof).toBeUndefined();
  stored = { justification: certificate, finalization: certificate };
  expect((await answer()).proof).toMatchObject({ finalization: { target: { height: 2 } } });
  await answer();
  expect(asked).toEqual([1, 1]);
  finality.finalized = checkpoint(2);
  await answer();
  expect(asked).toEqual([1, 1, 2]);
});
