import { RateLimiter } from "../../protocols/index.ts";
import type { Network, PeerId } from "../network/types.ts";
import type { Clock } from "../util/clock.ts";

const perHost = { requests: 4, perMs: 3_600_000 };
/** Far more than the peers of a few addresses can use up. */
const inAll = { requests: 64, perMs: 3_600_000 };

/**
 * Limits the warnings of what peers claim: anybody can claim any number of things, and must not keep the claims of
 * others out of the log.
 */
export class ClaimWarnings {
  readonly #network: Pick<Network, "hostOf">;
  readonly #limiter: RateLimiter;

  constructor({ network, clock }: { network: Pick<Network, "hostOf">; clock: Clock }) {
    this.#network = network;
    this.#limiter = new RateLimiter(clock);
  }

  /** True if a claim of the peer may be logged now. */
  take(peer: PeerId): boolean {
    const host = `host ${this.#network.hostOf(peer)}`;
    if (this.#limiter.delayMs("all", inAll) > 0 || !this.#limiter.take(host, perHost)) return false;
    return this.#limiter.take("all", inAll);
  }
}
