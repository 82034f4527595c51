import type { NetworkObserver } from "../../protocols/index.ts";
import { loadPeerKey } from "../accounts/index.ts";
import type { NodeOptions } from "../config/index.ts";
import { createNetwork, type LibP2pNetwork } from "../network/index.ts";
import { AddressBookStore } from "../storage/address-book.ts";
import type { Database } from "../storage/database.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";

/** Creates the network that the options describe, without starting it. */
export async function createNodeNetwork(
  { dataDir, p2pHost, p2pPort, bootstrap, mdns }: NodeOptions,
  parts: { database: Database; clock: Clock; logger: Logger; observer: NetworkObserver },
): Promise<LibP2pNetwork> {
  const { database, ...others } = parts;
  return createNetwork({
    ...others,
    privateKey: await loadPeerKey(dataDir.peerKey),
    listen: [`/${p2pHost.includes(":") ? "ip6" : "ip4"}/${p2pHost}/tcp/${p2pPort}`],
    bootstrap,
    mdns,
    addressBook: new AddressBookStore(database),
    random: Math.random,
  });
}
