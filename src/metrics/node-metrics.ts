import { Gauge, type Registry } from "prom-client";

/** Values that are read at each scrape; unknown ones are undefined. */
export interface NodeSources {
  version: string;
  modes: readonly string[];
  states: readonly string[];
  mode(): string;
  /** The state of the diagnosis. */
  state(): string | undefined;
  /** The codes of what the diagnosis has found. */
  findings(): readonly string[];
  head(): { height: number; timestampMs: number } | undefined;
  justifiedHeight(): number | undefined;
  finalizedHeight(): number | undefined;
  /** The target of a download under way. */
  syncTargetHeight(): number | undefined;
  authorities(): number | undefined;
  mempool(): { count: number; bytes: number } | undefined;
  peers(): readonly { direction: "inbound" | "outbound"; height: number | undefined }[];
  eventStreams(): number;
  freeDiskBytes(): number | undefined;
  databaseBytes(): Promise<number | undefined>;
}

/** Gauges of the node's state. */
export function nodeMetrics(registry: Registry, sources: NodeSources): void {
  const registers = [registry];
  const gauge = (
    name: string,
    help: string,
    value: () => Promise<number | undefined> | number | undefined,
  ) => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const current = await value();
        if (current !== undefined) this.set(current);
      },
    });
  };
  /** 1 for the label that applies, 0 for the others. */
  const choice = (
    name: string,
    label: string,
    help: string,
    all: readonly string[],
    now: () => string | undefined,
  ) => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        const current = now();
        for (const value of all) this.set({ [label]: value }, value === current ? 1 : 0);
      },
    });
  };
  new Gauge({
    name: "ccoin_build_info",
    help: "Always 1; the label has the version",
    labelNames: ["version"],
    registers,
  }).set({ version: sources.version }, 1);
  choice("ccoin_mode", "mode", "1 for the mode that the node is in", sources.modes, sources.mode);
  choice("ccoin_state", "state", "1 for the state that the diagnosis says", sources.states, sources.state);
  new Gauge({
    name: "ccoin_finding",
    help: "1 for each finding of the diagnosis",
    labelNames: ["code"],
    registers,
    collect() {
      this.reset();
      for (const code of sources.findings()) this.set({ code }, 1);
    },
  });
  gauge("ccoin_head_height", "Height of the head", () => sources.head()?.height);
  gauge("ccoin_head_timestamp_seconds", "Timestamp of the head, since the Unix epoch", () => {
    const head = sources.head();
    return head && head.timestampMs / 1000;
  });
  gauge("ccoin_justified_height", "Height of the highest justified block", sources.justifiedHeight);
  gauge("ccoin_finalized_height", "Height of the highest final block", sources.finalizedHeight);
  gauge(
    "ccoin_sync_target_height",
    "Target height of the download; the height of the head if there is none",
    () => sources.syncTargetHeight() ?? sources.head()?.height,
  );
  gauge("ccoin_authorities", "Authorities after the head", sources.authorities);
  gauge("ccoin_mempool_transactions", "Transactions that wait for a block", () => sources.mempool()?.count);
  gauge(
    "ccoin_mempool_bytes",
    "Encoded size of the transactions that wait for a block",
    () => sources.mempool()?.bytes,
  );
  new Gauge({
    name: "ccoin_peers",
    help: "Connected peers",
    labelNames: ["direction"],
    registers,
    collect() {
      for (const direction of ["inbound", "outbound"])
        this.set({ direction }, sources.peers().filter((peer) => peer.direction === direction).length);
    },
  });
  gauge("ccoin_peers_best_height", "Greatest height that a connected peer has claimed", () =>
    Math.max(0, ...sources.peers().map(({ height }) => height ?? 0)),
  );
  gauge("ccoin_event_streams", "Open streams of GET /v1/events", sources.eventStreams);
  gauge("ccoin_database_size_bytes", "Files of the database", sources.databaseBytes);
  gauge("ccoin_disk_free_bytes", "Free space of the disk that holds the data", sources.freeDiskBytes);
}
