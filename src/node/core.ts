import type { CoinGiver } from "../api/index.ts";
import type { Genesis } from "../chain/genesis.ts";
import type { NodeOptions } from "../config/index.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { AuthorityNodes } from "../sync/authority-nodes.ts";
import type { Recovery } from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { ChainServices } from "./chain-services.ts";
import type { ChainSetup } from "./chain-setup.ts";
import type { ModeMachine } from "./mode.ts";

type Shared = Pick<ChainSetup, "rules" | "line" | "verify" | "clock" | "logger" | "peerLog" | "closers">;

/** The state that the parts of a node share. The last fields are filled while the node starts. */
export interface NodeCore extends Readonly<Shared> {
  readonly options: NodeOptions;
  readonly metrics: Metrics;
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
  /** Knows which peers are nodes of authorities. */
  authorityNodes: AuthorityNodes | undefined;
  /** The database's first error. */
  writeFailure: string | undefined;
}

/** The id of the only genesis block that the node may adopt: a person gave it, perhaps by a recovery. */
export function genesisPinOf({ options, givenRecoveries: [first] }: NodeCore): string | undefined {
  return options.genesisPin ?? (first && toHex(first.genesisId));
}
