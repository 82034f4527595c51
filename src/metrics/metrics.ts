import { collectDefaultMetrics, Registry } from "prom-client";
import { ChainMetrics } from "./chain-metrics.ts";
import { NetworkMetrics } from "./network-metrics.ts";
import { type NodeSources, nodeMetrics } from "./node-metrics.ts";
import { WorkMetrics } from "./work-metrics.ts";

/**
 * The interval at which the event loop is measured: shorter delays do not count as lag. 10 ms would cost 0.4 % of a
 * core.
 */
const eventLoopPrecisionMs = 20;

/** All metrics of a node, for Prometheus (docs/metrics.md). Gauges are read when they are scraped. */
export class Metrics {
  readonly #registry = new Registry();
  readonly chain = new ChainMetrics(this.#registry);
  readonly network = new NetworkMetrics(this.#registry);
  readonly work = new WorkMetrics(this.#registry);

  #watchesProcess = false;

  /** Call this once. */
  follow(sources: NodeSources): void {
    nodeMetrics(this.#registry, sources);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text format of Prometheus. */
  text(): Promise<string> {
    this.#watchProcess();
    return this.#registry.metrics();
  }

  /** Starts with the first scrape: an idle node that nobody scrapes does not wake up for it. */
  #watchProcess(): void {
    if (this.#watchesProcess) return;
    this.#watchesProcess = true;
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: eventLoopPrecisionMs,
    });
    // The names of counters, and the same numbers as those by type.
    for (const what of ["handles", "requests", "resources"])
      this.#registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }
}
