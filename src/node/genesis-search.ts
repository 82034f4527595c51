import type { CheckedGenesis } from "../chain/genesis.ts";
import { findGenesis, type GenesisFinderOptions } from "../sync/genesis-finder.ts";
import { UserError } from "../util/errors.ts";

export interface GenesisSearchOptions extends GenesisFinderOptions {
  timeoutMs: number;
  /** Nobody has offered a genesis block in time. */
  onTimeout(): void;
}

/**
 * Searches the network for a genesis block for a limited time; `undefined` if the signal aborts first.
 * @throws {UserError} `NO_GENESIS` with what to do; `AMBIGUOUS_GENESIS`
 */
export async function searchGenesis(options: GenesisSearchOptions): Promise<CheckedGenesis | undefined> {
  const { clock, logger, pin, timeoutMs, onTimeout } = options;
  logger.info({ genesis: pin, timeoutMs }, "no genesis block yet: looking for one on the network");
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  try {
    const genesis = await findGenesis({
      ...options,
      signal: AbortSignal.any([options.signal, timeout.signal]),
    });
    if (genesis || options.signal.aborted) return genesis;
  } finally {
    cancel();
  }
  onTimeout();
  const wanted = pin ? `genesis block ${pin}` : "genesis block";
  throw new UserError(
    `no ${wanted} here and none offered by a peer within ${timeoutMs / 1000} s: make one with "ccoin init", or check that a node that has it is on this network (--bootstrap=<multiaddr> where multicast does not work)`,
    "NO_GENESIS",
  );
}
