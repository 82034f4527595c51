import type { HttpAccess } from "../../../src/api/guard.ts";
import type { ApiServices } from "../../../src/api/services.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { MemoryDatabase } from "../support/database.ts";

/** Programs that call the node itself, without a name or a proxy. */
export const directAccess: HttpAccess = { allowHosts: [], allowOrigins: [], trustProxies: [] };

/** The services of a healthy node that knows nothing of consensus. */
export const plainServices: Omit<ApiServices, "status" | "ledger" | "eventLog"> = {
  peers: () => [],
  metrics: { contentType: "text/plain", text: async () => "" },
  clock: systemClock,
  logger: silentLogger,
  adminToken: "test-token",
  mines: true,
  isKnownInSync: () => undefined,
  lastVoteMs: () => undefined,
  listEvidence: () => [],
  diagnosis: () => ({ state: "ok", summary: "at height 1", findings: [] }),
};

/** Makes the services of a node without a chain. */
export async function bareServices(): Promise<ApiServices> {
  return {
    ...plainServices,
    status: () => ({ version: "1", mode: "boot" }) as never,
    ledger: () => undefined,
    eventLog: await EventLog.open({ database: new MemoryDatabase(), logger: silentLogger }),
  };
}
