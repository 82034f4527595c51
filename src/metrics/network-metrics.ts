import { Counter, Histogram, type Registry } from "prom-client";
import type { NetworkObserver } from "../network/types.ts";

/** Buckets from a local network to an answer of many MiB over a slow one. */
const requestBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const validationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Metrics of gossip by topic and of requests by protocol. */
export class NetworkMetrics implements NetworkObserver {
  readonly #messages: Counter<"topic" | "result">;
  readonly #receivedBytes: Counter<"topic">;
  readonly #validation: Histogram<"topic">;
  readonly #published: Counter<"topic">;
  readonly #publishedBytes: Counter<"topic">;
  readonly #requests: Counter<"protocol" | "direction" | "result">;
  readonly #requestSeconds: Histogram<"protocol" | "direction">;

  constructor(registry: Registry) {
    const registers = [registry];
    const ofTopic = (name: string, help: string) =>
      new Counter({ name, help, labelNames: ["topic"], registers });
    this.#messages = new Counter({
      name: "ccoin_gossip_messages_total",
      help: "Messages received by gossip, each once, by the verdict on them",
      labelNames: ["topic", "result"],
      registers,
    });
    this.#receivedBytes = ofTopic(
      "ccoin_gossip_received_bytes_total",
      "Bytes of messages received by gossip",
    );
    this.#validation = new Histogram({
      name: "ccoin_gossip_validation_seconds",
      help: "From a message's arrival until its verdict",
      labelNames: ["topic"],
      buckets: validationBuckets,
      registers,
    });
    this.#published = ofTopic("ccoin_gossip_published_total", "Messages that this node has published");
    this.#publishedBytes = ofTopic(
      "ccoin_gossip_published_bytes_total",
      "Bytes of messages that this node has published, each message once",
    );
    this.#requests = new Counter({
      name: "ccoin_requests_total",
      help: "Requests to peers and from them by how they ended",
      labelNames: ["protocol", "direction", "result"],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: "ccoin_request_seconds",
      help: "From a request until its answer is complete or has failed",
      labelNames: ["protocol", "direction"],
      buckets: requestBuckets,
      registers,
    });
  }

  received: NetworkObserver["received"] = (topic, bytes) => {
    this.#receivedBytes.inc({ topic }, bytes);
    const end = this.#validation.startTimer({ topic });
    return (result) => {
      end();
      this.#messages.inc({ topic, result });
    };
  };

  published: NetworkObserver["published"] = (topic, bytes) => {
    this.#published.inc({ topic });
    this.#publishedBytes.inc({ topic }, bytes);
  };

  request: NetworkObserver["request"] = (direction, protocol) => {
    const end = this.#requestSeconds.startTimer({ protocol, direction });
    return (result) => {
      end();
      this.#requests.inc({ protocol, direction, result });
    };
  };
}
