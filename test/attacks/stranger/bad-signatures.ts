import { randomInt } from "node:crypto";
import { maxGossipTransactions } from "../../../protocols/index.ts";
import { type Transaction, Transactions } from "../../../src/types/index.ts";
import { senderKey } from "../../bench/lib/senders.ts";
import { topicOf } from "../../e2e/harness/rogue.ts";
import type { Attack } from "../attack.ts";
import { give, publication } from "../lib/wire.ts";
import { silentAccount } from "../measure/accounts.ts";

const ids = 4;
const perSecond = 20;

/** Sends transfers of an account with a balance and with its next nonce, so that only the signature is wrong. */
export const badSignatures: Attack = {
  name: "bad-signatures",
  by: "stranger",
  provable: true,
  does: `${ids} ids send ${perSecond} gossip messages/s each of ${maxGossipTransactions} transactions with wrong signatures (${ids * perSecond * maxGossipTransactions}/s)`,
  async run(site) {
    const from = senderKey(silentAccount.number).publicKey;
    const to = senderKey(1).publicKey;
    const list: Transaction[] = Array.from({ length: maxGossipTransactions }, () => ({
      message: { ...emptyTransfer, from, to },
      signature: new Uint8Array(64),
    }));
    const topic = topicOf("transactions", site.job.genesisId);
    await site.crowd(ids, { rawGossip: true }, async ({ rogue, offend }) => {
      const stream = await rogue.gossipStream();
      let counter = randomInt(2 ** 31);
      const bytes = Transactions.serialize(list);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      await site.repeat(
        perSecond,
        async () => {
          // Each signature has other bytes, so that none is known.
          for (let index = 0; index < list.length; index++) {
            const offset = view.getUint32(4 * index, true);
            view.setUint32(offset + 4, counter++);
          }
          offend();
          await give(stream, publication(topic, bytes));
          site.count("signatures", list.length);
        },
        () => rogue.connected,
      );
    });
  },
};

const emptyTransfer = { amount: 1n, fee: 1_000n, nonce: 0, validUntil: 0, memo: new Uint8Array() };
