import type { HttpAccess } from "../../../src/api/guard.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { MemoryDatabase } from "../support/database.ts";

/** Programs that call the node itself, without a name or a proxy. */
export const directAccess: HttpAccess = { allowHosts: [], allowOrigins: [], trustProxies: [] };

/** Makes the services of a node without a chain. */
export async function bareServices() {
  return {
    status: () => ({ version: "1", mode: "boot" }) as never,
    ledger: () => undefined,
    peers: () => [],
    eventLog: await EventLog.open({ database: new MemoryDatabase(), logger: silentLogger }),
    clock: systemClock,
    logger: silentLogger,
  };
}
