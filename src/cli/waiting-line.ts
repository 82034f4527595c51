import type { Client } from "../client/index.ts";
import { inBackground } from "../util/background.ts";
import { type Clock, every, systemClock } from "../util/clock.ts";
import { duration } from "../util/duration.ts";
import { plain } from "./plain.ts";

const showEveryMs = 1_000;
/** The width of a terminal that does not report one. */
const usualColumns = 80;

/**
 * Shows on one line of a terminal for how long a command has waited, and what the node says about its chain, until the
 * returned function is called. Silent without a terminal.
 */
export function waitingLine(
  what: string,
  client: Pick<Client, "diagnosis">,
  { stream, clock }: { stream: NodeJS.WriteStream; clock: Clock } = {
    stream: process.stderr,
    clock: systemClock,
  },
): () => void {
  if (!stream.isTTY) return () => undefined;
  const beganAtMs = clock.now();
  let hasEnded = false;
  let isShown = false;
  const show = async () => {
    const summary = await client.diagnosis().then(
      ({ state, summary }) => `${state}: ${summary}`,
      () => "the node does not answer",
    );
    if (hasEnded) return;
    const line = plain(`${what} for ${duration(clock.now() - beganAtMs)}; ${summary}`);
    // A line that wraps could not be rewritten.
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? usualColumns) - 1)}`);
    isShown = true;
  };
  const stop = every(clock, showEveryMs, () => inBackground(show()));
  return () => {
    hasEnded = true;
    stop();
    if (isShown) stream.write("\r\x1b[K");
  };
}
