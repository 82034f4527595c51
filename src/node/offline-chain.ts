import { randomBytes } from "node:crypto";
import type { ChainOptions } from "../chain/chain.ts";
import type { Genesis } from "../chain/genesis.ts";
import { productRules } from "../chain/rules.ts";
import type { ChainStores } from "../chain/stores.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { systemClock } from "../util/clock.ts";
import { silentLogger } from "../util/logger.ts";
import { systemPause } from "../util/slices.ts";

/** For a chain that is worked on without a node around it: no log, nobody else who writes. */
export function offlineChainOptions(
  genesis: Genesis,
  stores: ChainStores,
  verify: Verify,
  rules = productRules,
): ChainOptions {
  return {
    genesis,
    rules,
    stores,
    verify,
    clock: systemClock,
    logger: silentLogger,
    seed: new Uint8Array(randomBytes(8)),
    pause: systemPause,
  };
}
