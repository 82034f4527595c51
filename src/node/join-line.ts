import { maxNodeId } from "../config/index.ts";

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
  return `npm start -- --nodeid=${otherId} --bootstrap=${bootstrap} --genesis=${genesisId}${recovery}`;
}
