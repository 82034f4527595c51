import { systemPause } from "../util/slices.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import { overloaded } from "./problem.ts";
import type { TlsToll } from "./secure-port.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** A handshake costs the thread as much as some twenty small requests. */
export const handshakeTokens = 20;
/** A record may ask for new keys, which costs the thread less than half as much as a small request. */
export const recordTokens = 0.5;
/** Records that arrive together and are decrypted at once, which takes a ms or two. Those of long bodies are fewer. */
export const recordsAtOnce = 64;
/** Bytes that are decrypted in one turn if there are more records. */
const turnBytes = 4 * 1024;

/**
 * Makes each client pay for TLS as for requests. Handshakes, and many small records, wait for its turn among expensive
 * reads. The connections of a trusted proxy are those of many clients, and wait for nobody.
 */
export function tlsToll({
  limiter,
  reads,
  proxies,
}: {
  limiter: ClientLimiter;
  reads: DearReads;
  proxies: TrustedProxies;
}): TlsToll {
  return {
    async handshake(address, begin) {
      if (proxies.has(address)) return begin();
      if (limiter.retryAfterS(address) > 0) throw overloaded("too many TLS handshakes");
      limiter.charge(address, handshakeTokens - 1);
      await reads.run(address, async () => {
        begin();
        // The handshake is computed before other events are handled.
        await systemPause();
      });
    },
    records: (address) => async (records, bytes, pass) => {
      if (proxies.has(address)) return pass(bytes);
      if (!limiter.charge(address, records * recordTokens)) throw overloaded("too many TLS records");
      if (records <= recordsAtOnce) return pass(bytes);
      for (let at = 0; at < bytes.length; at += turnBytes)
        await reads.run(address, async () => pass(bytes.subarray(at, at + turnBytes)));
    },
  };
}
