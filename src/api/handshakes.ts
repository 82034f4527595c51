import { systemPause } from "../util/slices.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import type { AdmitHandshake } from "./secure-port.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** A handshake costs the thread as much as some twenty small requests. */
export const handshakeTokens = 20;

/**
 * Has each client pay for its TLS handshakes like for requests, and do them in its turn among expensive reads. A
 * trusted proxy's handshakes are those of many clients, and wait for nobody.
 */
export function admitHandshakes({
  limiter,
  reads,
  proxies,
}: {
  limiter: ClientLimiter;
  reads: DearReads;
  proxies: TrustedProxies;
}): AdmitHandshake {
  return async (address, begin) => {
    if (proxies.has(address)) return begin();
    if (limiter.retryAfterS(address) > 0) throw overloaded("too many TLS handshakes");
    limiter.charge(address, handshakeTokens - 1);
    await reads.run(address, async () => {
      begin();
      // The handshake is computed before other events are handled.
      await systemPause();
    });
  };
}
