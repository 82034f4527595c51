import type { LibP2pNetwork } from "../network/index.ts";
import { every } from "../util/clock.ts";
import type { NodeCore } from "./core.ts";
import { joinLine } from "./join-line.ts";

const lookEveryMs = 5_000;

/**
 * Logs the line with which other machines can join: at once, and again when it can name more nodes than this one.
 * Returns what makes the line of the moment.
 */
export function adviseToJoin(
  {
    options,
    clock,
    logger,
    closers,
    line: chainLine,
  }: Pick<NodeCore, "clock" | "logger" | "closers" | "line"> & {
    options: Pick<NodeCore["options"], "nodeId" | "announce">;
  },
  network: Pick<LibP2pNetwork, "addresses" | "workedAddresses">,
  genesisId: string,
): () => string {
  const { nodeId, announce: announced } = options;
  const lineWith = (others: readonly string[]) =>
    joinLine({
      nodeId,
      announced,
      addresses: network.addresses(),
      others,
      genesisId,
      isRecovered: chainLine.recoveries.length > 0,
    });
  const line = () => lineWith(network.workedAddresses());
  logger.info({ join: line() }, "other machines can join with this line, even without multicast");
  const stop = every(clock, lookEveryMs, () => {
    if (line() === lineWith([])) return;
    stop();
    logger.info({ join: line() }, "this line names other nodes too: machines can join also without this one");
  });
  closers.push("join line", stop);
  return line;
}
