import type { CoinGiver } from "../api/index.ts";
import type { Genesis } from "../chain/genesis.ts";
import type { KnownRules } from "../chain/rules.ts";
import type { NodeOptions } from "../config/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Metrics } from "../metrics/index.ts";
import type { OwnLine } from "../sync/claimed-status.ts";
import type { Recovery } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { ChainServices } from "./chain-services.ts";
import type { Closers } from "./closers.ts";
import type { ModeMachine } from "./mode.ts";

/** The state that the parts of a node share. The last fields are filled while the node starts. */
export interface NodeCore {
  readonly options: NodeOptions;
  readonly logger: Logger;
  /** The log of the parts that report on others, who could provoke any number of lines. */
  readonly peerLog: Logger;
  readonly clock: Clock;
  /** The rules that this program knows. */
  readonly rules: KnownRules;
  readonly line: OwnLine;
  readonly metrics: Metrics;
  readonly verify: Verify;
  readonly closers: Closers;
  /** The recoveries that came with this start. */
  readonly givenRecoveries: readonly Recovery[];
  /** Gives coins of a development chain. */
  readonly coins: CoinGiver | undefined;
  /** Ends the node in order: it cannot continue. Only the first call counts. */
  fail(error: unknown): void;
  modes: ModeMachine;
  genesis: Genesis | undefined;
  /** Everything that needs a genesis block. */
  services: ChainServices | undefined;
  /** The database's first error. */
  writeFailure: string | undefined;
}
