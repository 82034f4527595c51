import type { ComponentLogger, Logger } from "@libp2p/interface";

function ignore(): void {}

const silent: Logger = Object.assign(() => undefined, {
  error: ignore,
  trace: ignore,
  enabled: false,
  newScope: () => silent,
});

/**
 * Drops libp2p's log of its inner steps. libp2p's own logger prints nothing either unless asked to, but makes three
 * loggers for each stream and asks the system each time whether it writes to a terminal. That took a twentieth of the
 * main thread of a node that was flooded with requests.
 */
export const silentComponents: ComponentLogger = { forComponent: () => silent };
