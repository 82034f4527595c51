import { maxMemoBytes } from "../../../src/types/transaction.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { sszList } from "../../bench/lib/ssz-list.ts";
import type { Attack } from "../attack.ts";
import { HttpClient } from "../lib/http.ts";
import { type Plan, signed } from "../lib/transfers.ts";
import { poorAccounts, poorFee } from "../measure/accounts.ts";

const perSecond = 2_000;
const perRequest = 200;
const memo = new Uint8Array(maxMemoBytes);
/** The count of looks that found the lowest accepted fee raised. */
const feeRose = "fee raised";

/** The time in which half of the mempool is full, by bytes, if the attackers and the nodes are not slowed down. */
const halfFullSeconds = 30;

/** Sends valid transfers of one unit at the chain's least fee, each as large as it can be. */
export const mempoolFill: Attack = {
  name: "mempool-fill",
  by: "stranger",
  does: `${poorAccounts.count} accounts with ${poorAccounts.balance} units each post ${perSecond} transfers/s with consecutive nonces at a fee of ${poorFee} and memos of ${maxMemoBytes} bytes, in lists of ${perRequest} from four addresses`,
  judge: (counts, seconds) =>
    seconds < halfFullSeconds || counts[feeRose] ? [] : ["the lowest accepted fee never rose"],
  async run(site) {
    const genesisId = fromHex(site.job.genesisId);
    const clients = site.job.addresses.map((address) => new HttpClient(address, 4));
    const nonces = new Map<number, number>();
    // A short run cannot fill the pool, and a new node has to follow while others attack too.
    const rate = site.job.seconds < halfFullSeconds ? perSecond / 4 : perSecond;
    let turn = 0;
    void site.repeat(1, async () => {
      const status = await site.status().catch(() => undefined);
      if (status && BigInt(status.mempool.minFee) > poorFee) site.count(feeRose);
    });
    await site.repeat(rate / perRequest, () => {
      const number = turn++;
      // Each node gets all nonces of its accounts, so that none waits for those that went to another one.
      const at = number % site.places.length;
      const own = Math.floor(poorAccounts.count / site.places.length);
      const plans = Array.from({ length: perRequest }, (_, index): Plan => {
        const account = at * own + ((Math.floor(number / site.places.length) * perRequest + index) % own);
        const from = poorAccounts.first + account;
        const nonce = nonces.get(from) ?? 0;
        nonces.set(from, nonce + 1);
        return { from, to: poorAccounts.first, amount: 1n, fee: poorFee, nonce, memo };
      });
      const bytes = sszList(signed(plans, genesisId).map(({ encoded }) => encoded));
      const place = site.places[at]!;
      const client = clients[number % clients.length]!;
      void client
        .send(place, "/v1/transactions", { type: "application/octet-stream", bytes }, site.signal)
        .then((status) => site.count(`answered ${status}`));
      site.count("transactions", perRequest);
    });
    for (const client of clients) client.close();
  },
};
