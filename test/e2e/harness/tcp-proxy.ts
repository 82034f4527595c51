import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface LinkOptions {
  /** Delay of each byte in both directions. */
  delayMs?: number;
  /** Largest additional delay; bytes stay in order. */
  jitterMs?: number;
  random?: () => number;
}

/** A TCP port that forwards its connections to another port over a link that can be slow or broken. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: Required<LinkOptions>;
  #cut = false;

  private constructor(target: { host: string; port: number }, options: LinkOptions) {
    this.#options = { delayMs: 0, jitterMs: 0, random: Math.random, ...options };
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
      const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket));
      }
      this.#forward(near, far);
      this.#forward(far, near);
    });
  }

  static async open(target: { host: string; port: number }, options: LinkOptions = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, options);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Drops everything from now on without closing the connections, like a network that loses all packets: both ends stay
   * half-open.
   */
  cut(): void {
    this.#cut = true;
  }

  /** Lets new connections through again; earlier ones stay dead. */
  heal(): void {
    this.#cut = false;
  }

  /** Ends all connections by RST. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(from: Socket, to: Socket): void {
    const { delayMs, jitterMs, random } = this.#options;
    let before = Promise.resolve();
    let lost = false;
    const later = (action: () => void) => {
      lost ||= this.#cut;
      if (lost) return;
      const dueAt = performance.now() + delayMs + jitterMs * random();
      before = before.then(async () => {
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        if (!to.destroyed) action();
      });
    };
    from.on("data", (chunk) => later(() => to.write(chunk)));
    from.on("end", () => later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => later(() => to.destroy()));
  }
}
