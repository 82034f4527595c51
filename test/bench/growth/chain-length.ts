import { benchChain, Peer } from "../lib/peer.ts";
import { defineAxis, leastCpuMs } from "./axis.ts";
import { openElsewhere } from "./opened.ts";

const rounds = 20;
const idsPerPage = 100;

export const chainLengthAxis = defineAxis({
  name: "chain length",
  unit: "blocks",
  quick: [300, 3_000],
  full: [100, 1_000, 10_000],
  costs: {
    block: { name: "making an empty block", unit: "CPU ms", should: 0 },
    page: { name: "reading 100 ids in the middle of the chain", unit: "CPU ms", should: 0 },
    open: { name: "opening the chain", unit: "CPU ms", should: 0 },
    memory: { name: "memory of a process that opens it", unit: "bytes", should: 0 },
  },
  async measure(context, blocks) {
    const chain = await benchChain({ senders: 2 });
    const peer = await Peer.create(context, "peer", chain);
    while (peer.chain.head.height < blocks) await peer.produce([]);
    const page = await leastCpuMs(rounds, () => peer.chain.reader.refsDown(blocks / 2, idsPerPage));
    const block = await leastCpuMs(rounds, () => peer.produce([]));
    await peer.close();
    const { cpuMs: open, bytes: memory } = await openElsewhere(context, "peer");
    return { block, page, open, memory };
  },
});
