import type { Chain } from "../chain/chain.ts";
import type { Verdict } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import type { SignedHeader } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { Places } from "./places.ts";
import { blockVerdicts } from "./verdicts.ts";

/**
 * gossipsub forwards a message whose verdict arrives within about five of its heartbeats of 1 s: 3.5 s is in time, 6.5
 * s is not.
 */
export const maxHoldMs = 3_000;
/**
 * An honest proposer signs one block in a slot; those of several short slots can be early together. The total is more
 * than a third of the largest set can fill, so that nobody else's are left out.
 */
export const maxHeld = { each: 8, inAll: 4_096, always: 1 };

export interface HeaderHoldOptions {
  chain: Pick<Chain, "events">;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Holds headers that nobody can judge yet, because they are ahead of the clock or their parent is being fetched. The
 * verdict waits until then, so that gossip forwards the header: an ignored message never comes again.
 */
export class HeaderHold {
  readonly #options: HeaderHoldOptions;
  readonly #places = new Places(maxHeld);

  constructor(options: HeaderHoldOptions) {
    this.#options = options;
  }

  /**
   * `error` is the reason for which it cannot be judged now. `check` throws the reason for which it is refused, once it
   * can be judged.
   */
  async verdict(header: SignedHeader, error: BlockError, check: () => Promise<void>): Promise<Verdict> {
    const wait = () => this.#wait(header, error, check);
    const author = toHex(header.message.proposer);
    return (await this.#places.run({ id: author, host: author }, wait)) ?? "ignore";
  }

  async #wait(header: SignedHeader, first: BlockError, check: () => Promise<void>): Promise<Verdict> {
    const { clock, signal } = this.#options;
    const untilMs = clock.now() + maxHoldMs;
    for (let error = first; ; ) {
      const leftMs = untilMs - clock.now();
      if (error.code === "UNKNOWN_PARENT") {
        if (!(await this.#imported(header.message.parent, leftMs))) return "ignore";
      } else if (error.code === "FUTURE_BLOCK") {
        if (error.aheadMs > leftMs) return "ignore";
        await sleep(clock, error.aheadMs, signal);
      } else {
        return blockVerdicts[error.code];
      }
      if (signal.aborted) return "ignore";
      try {
        await check();
        return "accept";
      } catch (again) {
        if (!(again instanceof BlockError)) throw again;
        error = again;
      }
    }
  }

  /** Waits for a block to be imported; false if it is not imported within this time. */
  async #imported(id: Uint8Array, forMs: number): Promise<boolean> {
    const { chain, clock, signal } = this.#options;
    const came = new AbortController();
    const off = chain.events.on("imported", (head) => {
      if (equalBytes(head.id, id)) came.abort();
    });
    await sleep(clock, Math.max(0, forMs), AbortSignal.any([came.signal, signal]));
    off();
    return came.signal.aborted;
  }
}
