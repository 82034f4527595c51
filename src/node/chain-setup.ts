import type { Genesis } from "../chain/genesis.ts";
import type { KnownRules } from "../chain/rules.ts";
import type { StartStageTimer } from "../chain/types.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Network } from "../network/types.ts";
import type { Database } from "../storage/database.ts";
import type { EventLog } from "../storage/event-log.ts";
import type { OwnLine } from "../sync/claimed-status.ts";
import type { PeerStatuses } from "../sync/peer-statuses.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import type { Closers } from "./closers.ts";
import type { ModeMachine } from "./mode.ts";
import type { SigningOptions } from "./signing.ts";

/** The parts of a node that exist before its chain does; each part of the chain takes from here what it needs. */
export interface ChainSetup {
  genesis: Genesis;
  database: Database;
  eventLog: EventLog;
  network: Network;
  statuses: PeerStatuses;
  line: OwnLine;
  /** The rules that this program knows. */
  rules: KnownRules;
  verify: Verify;
  clock: Clock;
  pause: Pause;
  logger: Logger;
  /** The log of the parts that report on others, who could provoke any number of lines. */
  peerLog: Logger;
  /** Measures the work on blocks. */
  startTimer: StartStageTimer;
  modes: ModeMachine;
  /** Present if the node makes blocks and votes on them. */
  account: Pick<SigningOptions, "signer" | "identify" | "isSolitary"> | undefined;
  /** No peer is known to reconnect to. */
  alone: boolean;
  /** 8 random bytes, so that nobody can choose addresses that collide in the account index. */
  hashSeed: Uint8Array;
  /** Each part that is started is closed by it, the last one first. */
  closers: Closers;
}
