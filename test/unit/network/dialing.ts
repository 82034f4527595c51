import { placeOf } from "../../../src/network/address.ts";
import { Dialer, type DialerOptions } from "../../../src/network/dialer.ts";
import type { AddressBookEntry } from "../../../src/network/known-peers.ts";
import { KnownPeers } from "../../../src/network/known-peers.ts";
import { type Teller, Told } from "../../../src/network/told.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

/** Returns an address on a LAN. */
export const at = (n: number, host = "10.0.0.1") => `/ip4/${host}/tcp/${n}`;

export const peer = (address: string): Teller => ({ by: "peer", place: placeOf(address)! });
export const answerFrom = (address: string): Teller => ({ by: "discovery", place: placeOf(address)! });

/** Makes a network in which the `alive` addresses answer as the peer that they map to. */
export function setUp(options: Partial<DialerOptions> & { known?: AddressBookEntry[] } = {}) {
  const clock = new ManualClock();
  const begin = clock.now();
  const alive = new Map<string, string>();
  const connected = new Set<string>();
  const blocked = new Map<string, number>();
  const dials: { atMs: number; addresses: string[]; id: string | undefined }[] = [];
  const book = new Map((options.known ?? []).map((entry) => [entry.id, entry]));
  const dialer = new Dialer({
    ownId: "m",
    clock,
    logger: silentLogger,
    random: () => 1,
    bootstrap: [],
    told: new Told(clock),
    knownPeers: new KnownPeers({
      store: {
        load: async () => [...book.values()],
        save: async (entry) => void book.set(entry.id, entry),
        remove: async (id) => void book.delete(id),
      },
      clock,
      logger: silentLogger,
    }),
    ownTargets: () => [at(99)],
    dial: async (addresses, id) => {
      dials.push({ atMs: clock.now() - begin, addresses: [...addresses], id });
      for (const address of addresses) {
        const peer = alive.get(address);
        if (peer === undefined || (id !== undefined && peer !== id)) continue;
        connected.add(peer);
        dialer.onConnected(peer, address);
        return peer;
      }
      throw new Error("nobody there");
    },
    connected: (id) => connected.has(id),
    blockedMs: (id) => Math.max(0, (blocked.get(id) ?? 0) - clock.now()),
    hasRoom: () => true,
    missing: () => 8,
    isAllowed: () => true,
    ...options,
  });
  const cut = (id: string) => {
    connected.delete(id);
    dialer.onDisconnected(id);
  };
  return { dialer, clock, alive, connected, blocked, dials, book, cut };
}
