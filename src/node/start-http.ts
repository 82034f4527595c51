import { loadAdminToken, type Signer } from "../accounts/index.ts";
import { defaultHttpLimits, startHttpServer } from "../api/index.ts";
import type { EventLog } from "../storage/event-log.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { metricSources } from "./metric-sources.ts";
import type { NodeDiagnosis } from "./start-diagnosis.ts";
import { apiServices } from "./views.ts";

/** Serves the HTTP interface, which reports the node's start as well. Returns its URL. */
export async function startHttp(
  core: NodeCore,
  { network, statuses }: Peers,
  { signer, eventLog, diagnosis }: { signer: Signer; eventLog: EventLog; diagnosis: NodeDiagnosis },
): Promise<string> {
  const { options, clock, peerLog: logger, line, metrics, closers } = core;
  const mode = () => core.modes.mode;
  const services = () => core.services;
  const http = await startHttpServer({
    host: options.httpHost,
    port: options.httpPort,
    access: options,
    limits: defaultHttpLimits,
    services: apiServices({
      options,
      signer,
      network,
      statuses,
      line,
      clock,
      logger,
      eventLog,
      mode,
      services,
      adminToken: await loadAdminToken(options.dataDir.adminToken),
      diagnosis: diagnosis.inputs,
      metrics,
    }),
  });
  metrics.follow(
    metricSources({
      mode,
      diagnose: diagnosis.diagnose,
      services,
      network,
      statuses,
      eventStreams: () => http.eventStreams,
      folder: options.dataDir.db,
    }),
  );
  closers.push("http", () => http.close());
  return http.url;
}
