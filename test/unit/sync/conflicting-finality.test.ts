import { expect, onTestFinished, test } from "vitest";
import { FinalityConflictError } from "../../../src/chain/checkpoints.ts";
import type { FinalizerEvents } from "../../../src/chain/finalizer.ts";
import { ConflictingFinality } from "../../../src/sync/conflicting-finality.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";

test("keeps a bounded number of blocks that certificates show to be final elsewhere", () => {
  const events = new Emitter<FinalizerEvents>(silentLogger);
  const conflicts = new ConflictingFinality({ events });
  onTestFinished(() => conflicts.stop());
  const block = (height: number) => ({ height, id: new Uint8Array(32).fill(height) });
  expect(conflicts.list()).toEqual([]);
  events.emit("conflict", new FinalityConflictError(block(1), block(2)));
  expect(conflicts.list()).toEqual([
    { height: 1, own: toHex(block(1).id), otherHeight: 2, other: toHex(block(2).id) },
  ]);
  for (let other = 3; other < 100; other++)
    events.emit("conflict", new FinalityConflictError(block(1), block(other)));
  expect(conflicts.list()).toHaveLength(8);
});
