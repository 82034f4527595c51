import { maxNodeId } from "../config/index.ts";

/** Addresses of several interfaces. A longer line does not help. */
const maxAddresses = 3;
/** No other machine can reach these. */
const loopback = /^\/(ip4\/127\.|ip6\/::1\/)/;
/** These mean nothing without the name of an interface. */
const linkLocal = /^\/ip6\/fe80:/i;

/**
 * The command that lets another machine join without multicast. `addresses` are multiaddrs with the peer id; those of
 * this machine alone are used only if there are no others.
 */
export function joinLine({
  nodeId,
  addresses,
  genesisId,
}: {
  nodeId: number;
  addresses: readonly string[];
  genesisId: string;
}): string {
  const usable = addresses.filter((address) => !linkLocal.test(address));
  const reachable = usable.filter((address) => !loopback.test(address));
  const chosen = (reachable.length > 0 ? reachable : usable)
    .toSorted((a, b) => Number(a.startsWith("/ip6")) - Number(b.startsWith("/ip6")))
    .slice(0, maxAddresses);
  const otherId = nodeId < maxNodeId ? nodeId + 1 : 1;
  return `npm start -- --nodeid=${otherId} --bootstrap=${chosen.join(",")} --genesis=${genesisId}`;
}
