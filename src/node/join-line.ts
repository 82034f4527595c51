import { commandLine, maxNodeId } from "../config/index.ts";
import type { LibP2pNetwork } from "../network/network.ts";
import { every } from "../util/clock.ts";
import type { NodeCore } from "./core.ts";

const lookEveryMs = 5_000;
/** Addresses of several interfaces. A longer line does not help. */
const maxAddresses = 3;
const maxOthers = 2;
/** No other machine can reach these. */
const loopback = /^\/(ip4\/127\.|ip6\/::1\/)/;
/** These mean nothing without the name of an interface. */
const linkLocal = /^\/ip6\/fe80:/i;

/**
 * The command that lets another machine join without multicast. Multiaddrs have the peer id; those of this machine
 * alone are used only if there are no others.
 */
export function joinLine({
  nodeId,
  announced,
  addresses,
  others,
  genesisId,
  isRecovered,
}: {
  nodeId: number;
  /** Addresses at which others reach this node, by the word of its operator; without a peer id. */
  announced: readonly string[];
  addresses: readonly string[];
  /** Addresses of other nodes, so that the line works when this node is gone. */
  others: readonly string[];
  genesisId: string;
  /** True if the chain goes on from a recovery, which every node has to be given. */
  isRecovered: boolean;
}): string {
  const given = addresses.filter((address) =>
    announced.some((prefix) => address.startsWith(`${prefix}/p2p/`)),
  );
  const usable = (given.length > 0 ? given : addresses).filter((address) => !linkLocal.test(address));
  const reachable = usable.filter((address) => !loopback.test(address));
  const own = (reachable.length > 0 ? reachable : usable)
    .toSorted((a, b) => Number(a.startsWith("/ip6")) - Number(b.startsWith("/ip6")))
    .slice(0, maxAddresses);
  const isFar = (address: string) => !linkLocal.test(address) && !loopback.test(address);
  const more = (reachable.length > 0 ? others.filter(isFar) : others).slice(0, maxOthers);
  const otherId = nodeId < maxNodeId ? nodeId + 1 : 1;
  const bootstrap = [...own, ...more].join(",");
  const recovery = isRecovered ? " --recovery=<file>" : "";
  return commandLine(`start --nodeid=${otherId} --bootstrap=${bootstrap} --genesis=${genesisId}${recovery}`);
}

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
