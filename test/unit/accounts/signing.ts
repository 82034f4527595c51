import { createProtectedSigner, type ProtectedSigner, signerFromSeed } from "../../../src/accounts/index.ts";
import type { ProtectedSignerOptions } from "../../../src/accounts/protected-signer.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import type { Database } from "../../../src/storage/database.ts";
import { slotOf } from "../../../src/types/index.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";

export const periodMs = 1_000;
export const plainSigner = signerFromSeed(new Uint8Array(32).fill(1));

/** A clock that stands still until it is moved. */
export function handClock(nowMs = 0): Clock & { nowMs: number } {
  return {
    nowMs,
    now() {
      return this.nowMs;
    },
    after: () => () => undefined,
  };
}

export function rootOf(n: number): Uint8Array {
  return new Uint8Array(32).fill(n);
}

export function openSigner(
  database: Database,
  options: Partial<ProtectedSignerOptions> = {},
): Promise<ProtectedSigner> {
  return createProtectedSigner({
    signer: plainSigner,
    store: new ProtectionStore(database),
    clock: handClock(),
    logger: silentLogger,
    slotOf: (timeMs) => slotOf(timeMs, periodMs),
    ...options,
  });
}
