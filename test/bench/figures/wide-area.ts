import { createRandom } from "../../e2e/harness/random.ts";
import { type Context, defineFigure, type Measured } from "../figure.ts";
import { mean, quantile } from "../lib/statistics.ts";
import { ChainModel } from "../model/chain.ts";
import { measureCosts } from "../model/costs.ts";
import { createLinks, evenLinks, type LinksName } from "../model/links.ts";
import { estimate } from "../model/paper.ts";
import { createTopology } from "../model/topology.ts";

/**
 * `links` is a name in model/links.ts, or the ms between any two nodes. `perMessage` is the number of transactions in a
 * gossip message.
 */
type WideAreaSettings = { nodes: number; links: LinksName | number; perMessage: number; seconds: number };

const periodMs = 1_000;
const mostAuthorities = 20;
const mostGateways = 10;
/** Time at both ends that is not counted: the first block has fewer transactions, and the last may be unfinished. */
const settleMs = 5_000;

async function model(
  context: Context,
  { nodes, links: name, perMessage, seconds }: WideAreaSettings,
): Promise<Measured> {
  const costs = await measureCosts(context);
  const random = createRandom(1);
  const links = typeof name === "number" ? evenLinks(name) : createLinks(name, nodes, random);
  const topology = createTopology(nodes, random);
  const load = {
    periodMs,
    transactionsPerSecond: 1_000,
    perMessage,
    gateways: Math.min(mostGateways, nodes),
    authorities: Math.min(mostAuthorities, nodes),
  };
  const { gossip, blocks } = new ChainModel(links, topology, load, costs);
  gossip.run(seconds * 1_000 + settleMs);
  const paper = estimate(links, topology, load, costs);
  const whole = blocks.slice(1, seconds);
  const since = (times: "importedMs" | "finalMs") =>
    whole.flatMap((block) => [...block[times]].map((timeMs) => timeMs - block.sealedMs));
  const perSecond = (bytes: Float64Array) => [...bytes].map((sum) => (sum / gossip.nowMs) * 1_000);
  const sent = perSecond(gossip.sentBytes);
  const transactions = whole.reduce((sum, block) => sum + block.transactions.length, 0) * perMessage;
  const fetched = whole.reduce((sum, block) => sum + block.fetched, 0);
  return {
    value: quantile(since("importedMs"), 0.95),
    unit: "ms",
    limit: { what: "ms on paper", value: paper.importMs },
    details: {
      importP50Ms: quantile(since("importedMs"), 0.5),
      finalP50Ms: quantile(since("finalMs"), 0.5),
      finalP95Ms: quantile(since("finalMs"), 0.95),
      paperFinalMs: paper.finalMs,
      sentBytesPerSecond: mean(sent),
      mostSentBytesPerSecond: Math.max(...sent),
      paperSentBytesPerSecond: paper.sentPerSecond,
      copies: gossip.arrivals / gossip.firstArrivals,
      fetchedShare: fetched / (transactions * nodes),
      headerMs: costs.headerMs,
      importMsPerTransaction: costs.importMsPerTransaction,
    },
  };
}

export const wideAreaFigure = defineFigure<WideAreaSettings>({
  name: "wide-area",
  measures:
    "a model of gossip among many nodes on long links, at 1,000 transactions a second: p95 of the time from a sealed block to its import",
  quick: [{ nodes: 100, links: "data-centres", perMessage: 10, seconds: 5 }],
  full: [
    { nodes: 4, links: 100, perMessage: 10, seconds: 10 },
    ...(["data-centres", "home"] as const).flatMap((links) => [
      { nodes: 100, links, perMessage: 1, seconds: 5 },
      { nodes: 100, links, perMessage: 10, seconds: 10 },
      { nodes: 1_000, links, perMessage: 10, seconds: 5 },
    ]),
  ],
  run: model,
});
