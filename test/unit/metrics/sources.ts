import type { NodeSources } from "../../../src/metrics/node-metrics.ts";

/** Sources of a halted node. */
export const sources: NodeSources = {
  version: "1.2.3",
  modes: ["boot", "ready"],
  states: ["ok", "halted"],
  mode: () => "ready",
  state: () => "halted",
  findings: () => ["NO_PEERS"],
  head: () => ({ height: 7, timestampMs: 1_700_000_000_500 }),
  justifiedHeight: () => 6,
  finalizedHeight: () => 5,
  syncTargetHeight: () => undefined,
  authorities: () => 4,
  mempool: () => ({ count: 3, bytes: 400 }),
  peers: () => [
    { direction: "inbound", height: 9 },
    { direction: "outbound", height: undefined },
    { direction: "outbound", height: 2 },
  ],
  eventStreams: () => 2,
  freeDiskBytes: () => undefined,
  databaseBytes: async () => 1024,
};
