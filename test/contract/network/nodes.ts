import { afterEach } from "vitest";
import { createNetwork } from "../../../src/network/create.ts";
import type { AddressBook, AddressBookEntry } from "../../../src/network/known-peers.ts";
import type { LibP2pNetwork, NetworkOptions } from "../../../src/network/network.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { patience } from "../../e2e/harness/until.ts";
import { ManualClock } from "../../unit/support/clock.ts";

const running = new Set<LibP2pNetwork>();

afterEach(async () => {
  await Promise.all([...running].map(stop));
});

export function memoryAddressBook(): AddressBook & { entries: Map<string, AddressBookEntry> } {
  const entries = new Map<string, AddressBookEntry>();
  return {
    entries,
    load: async () => [...entries.values()],
    save: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
  };
}

/** Starts a node on loopback without mDNS and stops it after the test. `n` is the seed of its peer key. */
export async function startNode(n: number, options: Partial<NetworkOptions> = {}): Promise<LibP2pNetwork> {
  const network = await createNetwork({
    privateKey: new Uint8Array(32).fill(n),
    listen: ["/ip4/127.0.0.1/tcp/0"],
    bootstrap: [],
    announce: [],
    mdns: false,
    clock: systemClock,
    logger: silentLogger,
    addressBook: memoryAddressBook(),
    random: () => 0.5,
    ...options,
  });
  running.add(network);
  await network.start();
  return network;
}

export async function stop(network: LibP2pNetwork): Promise<void> {
  if (running.delete(network)) await network.stop();
}

/** Polls until `condition` holds. The limit only ends a test that hangs. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const allowedMs = timeoutMs * patience.factor;
  const deadline = Date.now() + allowedMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${allowedMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Advances the clock step by step until `condition` holds. */
export async function advanceUntil(
  clock: ManualClock,
  stepMs: number,
  condition: () => boolean,
): Promise<void> {
  await until(async () => {
    await clock.advance(stepMs);
    return condition();
  });
}

/** Starts two connected nodes, of which `a` has dialled `b`. Their clock may be one that stands still. */
export async function startPair(
  options: Partial<NetworkOptions> = {},
): Promise<[LibP2pNetwork, LibP2pNetwork]> {
  const b = await startNode(2, options);
  const a = await startNode(1, { bootstrap: b.addresses(), ...options });
  const connected = () => a.peers().length === 1 && b.peers().length === 1;
  if (options.clock instanceof ManualClock) await advanceUntil(options.clock, 300, connected);
  else await until(connected);
  return [a, b];
}
