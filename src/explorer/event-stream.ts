/** Follows a stream. */
export interface StreamListener {
  opened(): void;
  lost(): void;
  event(type: string, data: string): void;
}

type Message = { kind: "open" | "lost" | "asks" } | { kind: "event"; type: string; data: string };

const reconnectMs = 2_000;

/**
 * A stream of events that the visible tabs of a browser share, because a browser has six connections for all tabs of a
 * site. One tab holds a lock and the connection, and passes the events on to the others; when it is hidden or closed,
 * another takes over. Browsers grant locks only to pages that came over HTTPS or from this machine, and not to pages
 * that may store nothing; without locks each tab has its own connection.
 */
export class SharedStream {
  readonly #url: string;
  readonly #types: readonly string[];
  readonly #listener: StreamListener;
  #channel: BroadcastChannel | undefined;
  #source: EventSource | undefined;
  #leave: (() => void) | undefined;

  constructor(url: string, types: readonly string[], listener: StreamListener) {
    this.#url = `${url}?types=${types}`;
    this.#types = types;
    this.#listener = listener;
  }

  start(): void {
    this.stop();
    if (!navigator.locks) {
      this.#connect();
      return;
    }
    const channel = new BroadcastChannel(this.#url);
    channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    channel.postMessage({ kind: "asks" } satisfies Message);
    this.#channel = channel;
    const left = new AbortController();
    const hold = () =>
      new Promise<void>((resolve) => {
        left.signal.addEventListener("abort", () => resolve());
        if (left.signal.aborted) resolve();
        else this.#connect();
      });
    this.#leave = () => left.abort();
    navigator.locks.request(this.#url, { signal: left.signal }, hold).catch(() => {
      // A tab that stops before it gets the lock withdraws its request, which the browser reports as an error.
      if (left.signal.aborted) return;
      this.stop();
      this.#connect();
    });
  }

  stop(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    this.#leave?.();
    this.#leave = undefined;
  }

  #connect(): void {
    const source = new EventSource(this.#url);
    this.#source = source;
    source.onopen = () => this.#tell({ kind: "open" });
    source.onerror = () => {
      this.#tell({ kind: "lost" });
      const isOver = source.readyState === EventSource.CLOSED;
      if (isOver) setTimeout(() => this.#source === source && this.#connect(), reconnectMs);
    };
    for (const type of this.#types)
      source.addEventListener(type, (event) =>
        this.#tell({ kind: "event", type, data: (event as MessageEvent<string>).data }),
      );
  }

  /** Handles a message of this tab's connection, and passes it on to the other tabs. */
  #tell(message: Message): void {
    this.#channel?.postMessage(message);
    this.#hear(message);
  }

  #hear(message: Message): void {
    const { kind } = message;
    if (kind === "event") this.#listener.event(message.type, message.data);
    else if (kind === "open") this.#listener.opened();
    else if (kind === "lost") this.#listener.lost();
    else if (this.#source?.readyState === EventSource.OPEN)
      this.#channel?.postMessage({ kind: "open" } satisfies Message);
  }
}
