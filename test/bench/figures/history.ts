import { Client } from "../../../src/client/index.ts";
import { defineFigure } from "../figure.ts";
import { startNodes, stopNodes } from "../lib/bench-network.ts";
import { type ChainShape, chainFixture } from "../lib/chain-fixture.ts";
import { senderAddresses } from "../lib/senders.ts";
import { CpuWatch } from "../lib/usage.ts";

/** `pages` pages of `limit` transactions are asked for, one after another. */
type HistorySettings = ChainShape & { [name: string]: number; pages: number };

const limit = 100;
/** V8 has compiled the code of a page by then. */
const warmUpPages = 300;

export const historyFigure = defineFigure<HistorySettings>({
  name: "history",
  measures:
    "CPU of the node for a page of 100 transactions of an account, over HTTP, anywhere in its history",
  quick: [
    { blocks: 2_000, transactionsPerBlock: 10, senders: 10, pages: 500 },
    { blocks: 40, transactionsPerBlock: 2_000, senders: 20, pages: 500 },
  ],
  full: [
    { blocks: 20_000, transactionsPerBlock: 10, senders: 10, pages: 1_000 },
    { blocks: 50, transactionsPerBlock: 10_000, senders: 10, pages: 1_000 },
  ],
  goals: () => [{ of: "value", is: "<=", bound: 2 }],
  async run(context, settings) {
    const { nodes } = await chainFixture(context, settings);
    await startNodes(nodes, ["--no-mine"]);
    const { url, process } = nodes[0]!;
    const client = new Client(url);
    const [account] = senderAddresses(settings.senders);
    const read = async (pages: number) => {
      for (let page = 0; page < pages; page++) {
        // Anywhere but in the first blocks, where there would be fewer than a page.
        const height = 1 + Math.ceil(settings.blocks * (0.5 + Math.random() / 2));
        const { transactions } = await client.history(account!, { before: `${height}-0`, limit });
        if (transactions.length !== limit) throw new Error(`${transactions.length} transactions`);
      }
    };
    await read(warmUpPages);
    const watch = new CpuWatch([process.pid]);
    const startedAt = performance.now();
    await read(settings.pages);
    const tookMs = performance.now() - startedAt;
    const usage = watch.read();
    await stopNodes(nodes);
    return {
      value: (1_000 * usage.cpuSeconds) / settings.pages,
      unit: "ms",
      ...usage,
      details: { meanMs: tookMs / settings.pages },
    };
  },
});
