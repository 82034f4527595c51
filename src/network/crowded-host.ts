import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Place } from "./address.ts";

/** Anybody can crowd any number of addresses. */
const wordsPerHost = { requests: 1, perMs: 3_600_000 };
const wordsInAll = { requests: 8, perMs: 3_600_000 };

/** Returns what tells the operator that the places for one address are used up. */
export function sayCrowded(
  { clock, logger }: { clock: Clock; logger: Logger },
  peers: number,
): (place: Place) => void {
  const words = new RateLimiter(clock);
  return ({ host }) => {
    if (words.delayMs("all", wordsInAll) > 0 || !words.take(host, wordsPerHost)) return;
    words.charge("all", wordsInAll, 1);
    logger.warn(
      { address: host, peers },
      "this address has as many connections as one may have, so more nodes behind it are refused: --max-per-address lets in more",
    );
  };
}
