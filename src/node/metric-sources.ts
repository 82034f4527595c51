import { diagnosisStates } from "../api/index.ts";
import { version } from "../config/index.ts";
import type { NodeSources } from "../metrics/node-metrics.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import type { Diagnosis } from "./diagnosis-types.ts";
import { folderBytes, freeBytes } from "./disk.ts";
import { transitions } from "./mode.ts";

/** The sources that the metrics read at each scrape. */
export function metricSources(
  core: NodeCore,
  { network, statuses }: Peers,
  { diagnose, eventStreams }: { diagnose(): Diagnosis; eventStreams(): number },
): NodeSources {
  const { db: folder } = core.options.dataDir;
  const chain = () => core.services?.chain;
  return {
    version,
    modes: Object.keys(transitions),
    states: diagnosisStates,
    mode: () => core.modes.mode,
    state: () => diagnose().state,
    findings: () => diagnose().findings.map(({ code }) => code),
    head: () => {
      const head = chain()?.head;
      return head && { height: head.height, timestampMs: head.header.message.timestamp };
    },
    justifiedHeight: () => chain()?.justified.height,
    finalizedHeight: () => chain()?.finalized.height,
    syncTargetHeight: () => core.services?.synchronizer.progress?.targetHeight,
    authorities: () => chain()?.snapshot.authorities.length,
    mempool: () => core.services?.mempool,
    peers: () =>
      network.peers().map(({ id, direction }) => ({ direction, height: statuses.get(id)?.status.height })),
    eventStreams,
    freeDiskBytes: () => freeBytes(folder),
    databaseBytes: () => folderBytes(folder),
  };
}
