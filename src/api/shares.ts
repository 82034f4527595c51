import type { Server, Socket } from "node:net";
import { clientOf, isLoopback } from "./client-limiter.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** All addresses of this machine are one client, which gives way to no other. */
export const thisMachine = "this machine";

/** A part of a resource that a client holds. */
export interface Holding {
  /** The client that holds it, as returned by `holder`. */
  client: string;
  size: number;
  /** False if it is in use and cannot be taken away now. */
  mayDrop(): boolean;
  /** Evicts the holding, which its holder must then release. */
  drop(): void;
}

/** The client of an address, as shares are counted. */
export function holder(address: string): string {
  return isLoopback(address) ? thisMachine : clientOf(address);
}

/**
 * Shares out a resource among clients. If there is no room for a client, the client that holds most gives way, as long
 * as it holds more than the newcomer then would: its oldest holding that may be taken away goes first. A client with
 * any number of connections from a few addresses thus keeps out nobody, and programs of this machine least of all.
 */
export class Shares<H extends Holding = Holding> {
  readonly #most: number;
  readonly #holdings = new Map<string, Set<H>>();
  #total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get total(): number {
    return this.#total;
  }

  /** The holdings of each client, in the order in which they began. */
  get holdings(): ReadonlyMap<string, ReadonlySet<H>> {
    return this.#holdings;
  }

  /** The size of all that a client holds. */
  heldBy(client: string): number {
    let held = 0;
    for (const { size } of this.#holdings.get(client) ?? []) held += size;
    return held;
  }

  /** Adds to what a client holds; false if there is no room for so much. */
  grow(holding: H, by: number): boolean {
    while (this.#total + by > this.#most) {
      const victim = this.#victimOf(holding.client, by);
      if (!victim) return false;
      this.release(victim);
      victim.drop();
    }
    const own = this.#holdings.get(holding.client) ?? new Set();
    this.#holdings.set(holding.client, own.add(holding));
    holding.size += by;
    this.#total += by;
    return true;
  }

  /** Has no effect on a holding that was taken away. */
  release(holding: H): void {
    const own = this.#holdings.get(holding.client);
    if (!own?.delete(holding)) return;
    if (own.size === 0) this.#holdings.delete(holding.client);
    this.#total -= holding.size;
    holding.size = 0;
  }

  #victimOf(newcomer: string, by: number): H | undefined {
    const own = newcomer === thisMachine ? 0 : this.heldBy(newcomer) + by;
    let most = own;
    let victim: H | undefined;
    for (const [client, holdings] of this.#holdings) {
      if (client === newcomer || client === thisMachine) continue;
      const held = this.heldBy(client);
      const first = held > most ? firstOf(holdings) : undefined;
      if (first) [most, victim] = [held, first];
    }
    return victim;
  }
}

function firstOf<H extends Holding>(holdings: Iterable<H>): H | undefined {
  for (const holding of holdings) if (holding.mayDrop()) return holding;
  return undefined;
}

/** Node.js counts a connection until it is closed, which takes a moment. */
const beingClosed = 256;

/**
 * Shares out the places for connections: one of the most crowded address gives way to a less crowded one. A trusted
 * proxy's connections are those of many clients, and give way to nobody.
 */
export function shareConnections(
  server: Server,
  maxConnections: number,
  proxies: Pick<TrustedProxies, "has">,
): void {
  const shares = new Shares(maxConnections);
  server.maxConnections = maxConnections + beingClosed;
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const holding: Holding = {
      client: proxies.has(address) ? thisMachine : holder(address),
      size: 0,
      mayDrop: () => true,
      drop: () => socket.destroy(),
    };
    if (!shares.grow(holding, 1)) {
      socket.destroy();
      return;
    }
    socket.once("close", () => shares.release(holding));
  });
}
