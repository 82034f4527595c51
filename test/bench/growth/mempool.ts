import { benchChain, Peer } from "../lib/peer.ts";
import { presign, recordsOf } from "../lib/presign.ts";
import { defineAxis, leastCpuMs } from "./axis.ts";
import { openElsewhere } from "./opened.ts";

const senders = 1_000;
const perBlock = 1_000;
const rounds = 5;
const addedAtOnce = 1_000;

export const mempoolAxis = defineAxis({
  name: "mempool",
  unit: "transactions",
  quick: [1_000, 10_000],
  full: [1_000, 10_000, 40_000],
  costs: {
    add: { name: "taking in 1,000 more, to disk", unit: "CPU ms", should: 0 },
    block: { name: "making a block of 1,000 of them", unit: "CPU ms", should: 0.1 },
    open: { name: "opening the chain", unit: "CPU ms", should: 1 },
    memory: { name: "memory of a process that opens it", unit: "bytes", should: 1 },
  },
  async measure(context, size) {
    const chain = await benchChain({ senders, maxBlockTransactions: perBlock });
    const presigned = await presign(chain.genesis.id, senders, size + rounds * addedAtOnce);
    const peer = await Peer.create(context, "peer", chain);
    let sent = 0;
    const addNext = async () => {
      const records = recordsOf(presigned, chain.genesis.id, sent, sent + addedAtOnce);
      sent += addedAtOnce;
      const outcomes = await peer.mempool.add(records, "local");
      if (outcomes.some(({ accepted }) => !accepted)) throw new Error("a transaction was refused");
    };
    while (sent < size) await addNext();
    let add = Number.POSITIVE_INFINITY;
    let block = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      add = Math.min(add, await leastCpuMs(1, addNext));
      block = Math.min(block, await leastCpuMs(1, async () => peer.produce(await peer.mempool.executable())));
    }
    // The number of waiting transactions is unchanged, since each block took as many as were added.
    await peer.close();
    const { cpuMs: open, bytes: memory } = await openElsewhere(context, "peer");
    return { add, block, open, memory };
  },
});
