import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { loadPeerKey } from "../accounts/index.ts";
import { chainStores } from "../chain/stores.ts";
import { readNetworkKey } from "../config/network-key.ts";
import { createNetwork } from "../network/create.ts";
import { inboundLimitsFor } from "../network/inbound.ts";
import { AddressBookStore } from "../network/known-peers.ts";
import type { LibP2pNetwork } from "../network/network.ts";
import type { Database } from "../storage/database.ts";
import { askChainName } from "../sync/chain-name.ts";
import { ownStatus } from "../sync/claimed-status.ts";
import { PeerStatuses } from "../sync/peer-statuses.ts";
import { serveGenesis } from "../sync/serve.ts";
import { fromHex, toHex } from "../util/bytes.ts";
import { genesisPinOf, type NodeCore } from "./core.ts";

export interface Peers {
  network: LibP2pNetwork;
  statuses: PeerStatuses;
  /** True if no peer of an earlier run is known. */
  isNewcomer: boolean;
}

/** Creates the network that the options describe, without connecting it, and what is served before there is a chain. */
export async function createPeers(core: NodeCore, database: Database): Promise<Peers> {
  const { options, clock, peerLog: logger, line, metrics, closers } = core;
  const { dataDir, p2pHost, p2pPort, bootstrap, announce, mdns } = options;
  const addressBook = new AddressBookStore(database);
  const pin = genesisPinOf(core);
  const isNewcomer = (await addressBook.load()).length === 0;
  const network = await createNetwork({
    clock,
    logger,
    observer: metrics.network,
    privateKey: await loadPeerKey(dataDir.peerKey),
    listen: listenAddresses(p2pHost, p2pPort),
    bootstrap,
    announce,
    mdns,
    networkKey: options.networkKeyFile === undefined ? undefined : readNetworkKey(options.networkKeyFile),
    allowedPeers: options.allowPeers,
    addressBook,
    inboundLimits: inboundLimitsFor(options.maxPerAddress),
    random: Math.random,
  });
  const statuses = new PeerStatuses({
    network,
    clock,
    logger,
    recoveries: () => line.recoveries,
    status: () => ownStatus(core.genesis?.id, core.services?.chain, clock.now(), line),
    genesisPin: pin === undefined ? undefined : fromHex(pin),
    async onOtherChain(peer, genesisId) {
      if (!network.isGiven(peer)) return;
      const name = await askChainName({ network, clock }, peer, genesisId);
      network.isOfOtherChain({ peer, genesisId: toHex(genesisId), name });
    },
  });
  statuses.start();
  closers.push("peer statuses", () => statuses.stop());
  const { meta } = chainStores(database);
  serveGenesis(
    network,
    () => core.genesis,
    () => meta.genesis(),
  );
  return { network, statuses, isNewcomer };
}

/**
 * The multiaddrs that a node listens on: all IPv4 addresses, and all IPv6 addresses where the machine has any, unless
 * `host` is given.
 */
export function listenAddresses(
  host: string | undefined,
  port: number,
  interfaces: NodeJS.Dict<Pick<NetworkInterfaceInfo, "family">[]> = networkInterfaces(),
): string[] {
  const hasIp6 = Object.values(interfaces).some((list) => list?.some(({ family }) => family === "IPv6"));
  const all = hasIp6 ? ["0.0.0.0", "::"] : ["0.0.0.0"];
  return (host === undefined ? all : [host]).map(
    (address) => `/${address.includes(":") ? "ip6" : "ip4"}/${address}/tcp/${port}`,
  );
}
