import { checkBlock } from "../../../src/chain/block-check.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { encodeRecords } from "../../../src/types/index.ts";
import { benchChain, Peer } from "../lib/peer.ts";
import { presign, recordsOf } from "../lib/presign.ts";
import { defineAxis, leastCpuMs } from "./axis.ts";
import { openElsewhere } from "./opened.ts";

const senders = 1_000;
const transactions = 1_000;
const rounds = 5;

export const accountsAxis = defineAxis({
  name: "accounts",
  unit: "accounts",
  quick: [10_000, 30_000, 100_000],
  full: [10_000, 100_000, 1_000_000],
  costs: {
    block: { name: "import of a block of 1,000 transfers", unit: "CPU ms", should: 0.1 },
    open: { name: "opening the chain", unit: "CPU ms", should: 1 },
    memory: { name: "memory of a process that opens it", unit: "bytes", should: 1 },
  },
  async measure(context, accounts) {
    const chain = await benchChain({ senders, accounts });
    const presigned = await presign(chain.genesis.id, senders, transactions * rounds);
    const proposer = await Peer.create(context, "proposer", chain);
    const peer = await Peer.create(context, "peer", chain);
    const block = await leastCpuMsOfImports();
    await proposer.close();
    await peer.close();
    const { cpuMs: open, bytes: memory } = await openElsewhere(context, "peer");
    return { block, open, memory };

    async function leastCpuMsOfImports(): Promise<number> {
      const blocks: CanonicalBlock[] = [];
      for (let round = 0; round < rounds; round++) {
        const first = round * transactions;
        blocks.push(
          await proposer.produce(recordsOf(presigned, chain.genesis.id, first, first + transactions)),
        );
      }
      return leastCpuMs(rounds, async (round) => {
        const { header, records } = blocks[round]!;
        await peer.chain.importBlock(
          await checkBlock({ header, body: encodeRecords(records) }, peer.chain.checks),
        );
      });
    }
  },
});
