import { loadAdminToken, type Signer } from "../accounts/index.ts";
import { defaultHttpLimits, diagnosisStates, startHttpServer } from "../api/index.ts";
import { version } from "../config/index.ts";
import type { NodeSources } from "../metrics/node-metrics.ts";
import type { EventLog } from "../storage/event-log.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import type { Diagnosis } from "./diagnosis-types.ts";
import { folderBytes, freeBytes } from "./disk.ts";
import { urlForOthers } from "./http-names.ts";
import { transitions } from "./mode.ts";
import type { HttpsPlace } from "./running-node.ts";
import type { NodeDiagnosis } from "./start-diagnosis.ts";
import { TlsKeeper, tlsCertificate } from "./tls-keeper.ts";
import { apiServices } from "./views.ts";

/** A running HTTP interface. */
export interface StartedHttp {
  url: string;
  /** The certificate may change; undefined without HTTPS. */
  https(): HttpsPlace | undefined;
  /** Reads the files of the certificate anew. */
  reload(): Promise<void>;
}

/** Serves the HTTP interface, which reports the node's start as well. */
export async function startHttp(
  core: NodeCore,
  peers: Peers,
  { signer, eventLog, diagnosis }: { signer: Signer; eventLog: EventLog; diagnosis: NodeDiagnosis },
): Promise<StartedHttp> {
  const { options, clock, logger, metrics, closers } = core;
  const { inputs, diagnose } = diagnosis;
  const adminToken = await loadAdminToken(options.dataDir.adminToken);
  const certificate = await tlsCertificate(options, clock.now());
  const http = await startHttpServer({
    tls: certificate,
    host: options.httpHost,
    port: options.httpPort,
    access: options,
    limits: defaultHttpLimits,
    services: apiServices(core, { ...peers, signer, eventLog, adminToken, inputs }),
  });
  metrics.follow(metricSources(core, peers, { diagnose, eventStreams: () => http.eventStreams }));
  closers.push("http", () => http.close());
  const parts = { clock, logger, use: http.renew };
  const keeper = certificate && new TlsKeeper(certificate, options, parts);
  closers.push("certificate", () => keeper?.stop());
  return {
    url: http.url,
    https: () => keeper && { fingerprint: keeper.fingerprint, urlForOthers: urlForOthers(options, http.url) },
    reload: async () => keeper?.reload(),
  };
}

/** The sources that the metrics read at each scrape. */
function metricSources(
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
