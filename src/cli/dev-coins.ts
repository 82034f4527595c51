import type { CoinGiver } from "../api/index.ts";
import { keyFromSeed } from "../client/index.ts";
import { fromHex } from "../util/bytes.ts";
import { nodeClient } from "./node-client.ts";

/** Enough to try everything with. The wallet has a million times as much. */
const amount = 1_000n;

/** Pays from the development chain's wallet, whose key is in the link that is printed and worth nothing. */
export function devCoins(
  seed: string,
  options: { datadir: string; nodeid: number },
  url: () => string,
): CoinGiver {
  return {
    amount,
    give: async (to) => {
      const at = url();
      const client = await nodeClient(at.startsWith("https:") ? options : { ...options, url: at });
      const { id } = await client.send(await keyFromSeed(fromHex(`0x${seed}`)), { to, amount });
      return id;
    },
  };
}
