import { diagnosisStates } from "../api/index.ts";
import { version } from "../config/index.ts";
import type { NodeSources } from "../metrics/index.ts";
import type { Network } from "../network/types.ts";
import type { PeerStatuses } from "../sync/peer-statuses.ts";
import type { ChainServices } from "./chain-services.ts";
import type { Diagnosis } from "./diagnosis-types.ts";
import { folderBytes, freeBytes } from "./disk.ts";
import { type Mode, transitions } from "./mode.ts";

export interface MetricSourcesOptions {
  mode(): Mode;
  diagnose(): Diagnosis;
  services(): ChainServices | undefined;
  network: Network;
  statuses: PeerStatuses;
  eventStreams(): number;
  /** The database's folder. */
  folder: string;
}

/** The sources that the metrics read at each scrape. */
export function metricSources(options: MetricSourcesOptions): NodeSources {
  const { mode, diagnose, services, network, statuses, eventStreams, folder } = options;
  const chain = () => services()?.chain;
  return {
    version,
    modes: Object.keys(transitions),
    states: diagnosisStates,
    mode,
    state: () => diagnose().state,
    findings: () => diagnose().findings.map(({ code }) => code),
    head: () => {
      const head = chain()?.head;
      return head && { height: head.height, timestampMs: head.header.message.timestamp };
    },
    justifiedHeight: () => chain()?.justified.height,
    finalizedHeight: () => chain()?.finalized.height,
    syncTargetHeight: () => services()?.synchronizer.progress?.targetHeight,
    authorities: () => chain()?.snapshot.authorities.length,
    mempool: () => services()?.mempool,
    peers: () =>
      network.peers().map(({ id, direction }) => ({ direction, height: statuses.get(id)?.status.height })),
    eventStreams,
    freeDiskBytes: () => freeBytes(folder),
    databaseBytes: () => folderBytes(folder),
  };
}
