import { randomBytes } from "node:crypto";
import { type ChainOptions, untimed } from "../chain/assemble.ts";
import type { Genesis } from "../chain/genesis.ts";
import { productRules } from "../chain/rules.ts";
import type { ChainStores } from "../chain/stores.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { systemClock } from "../util/clock.ts";
import { silentLogger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";

/** Options for a chain that is processed without a node: there is no log, and nobody else writes. */
export function offlineChainOptions(genesis: Genesis, stores: ChainStores, verify: Verify): ChainOptions {
  return {
    genesis,
    rules: productRules,
    stores,
    verify,
    clock: systemClock,
    logger: silentLogger,
    seed: new Uint8Array(randomBytes(8)),
    pause: systemPause,
    startTimer: untimed,
  };
}
