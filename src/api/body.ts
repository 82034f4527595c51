import type { IncomingMessage } from "node:http";
import { BodyBytes } from "./body-bytes.ts";
import { clientAddress } from "./client-address.ts";
import { overloaded, ProblemError } from "./problem.ts";
import { type Holding, holder, type Shares, thisMachine } from "./shares.ts";

/** A body in more pieces than this, of `crumbBytes` on average or less, is not read to its end. */
const maxPieces = 1_024;
const crumbBytes = 256;

/** The memory of a body that is read, and then processed. */
export class BodyMemory implements Holding {
  readonly client: string;
  size = 0;
  readonly #shares: Shares;
  #held = 0;
  #isTaken = false;
  #taken: AbortController | undefined;
  /** Ends the reading of the body, as long as it is being read. */
  #stop: (() => void) | undefined;

  constructor(client: string, shares: Shares) {
    this.client = client;
    this.#shares = shares;
  }

  mayDrop(): boolean {
    return true;
  }

  drop(): void {
    this.#isTaken = true;
    this.#stop?.();
    this.#taken?.abort();
  }

  /** Calls `stop` if the body has to give way while it is being read. */
  onTaken(stop: (() => void) | undefined): void {
    this.#stop = stop;
  }

  /**
   * Counts `bytes` that are taken besides the body; of several calls the largest counts. Programs of this machine may
   * take any number. @throws {ProblemError} `OVERLOADED` if there is no room, or if the body had to give way.
   */
  hold(bytes: number): void {
    const more = Math.max(0, bytes - this.#held);
    if (this.#isTaken || (this.client !== thisMachine && !this.#shares.grow(this, more))) throw tooMany();
    this.#held += more;
  }

  /**
   * Aborted when the body has to give way: what it waits for should end. Few bodies wait for anything, and a controller
   * takes longer to make than their lists.
   */
  get taken(): AbortSignal {
    this.#taken ??= new AbortController();
    if (this.#isTaken) this.#taken.abort();
    return this.#taken.signal;
  }
}

export interface BodyLimits {
  maxBytes: number;
  /** Counts the memory of bodies. */
  shares: Shares;
  /** Charges the client for each piece as it arrives. @throws {ProblemError} to refuse the rest */
  charge(bytes: number): void;
}

/**
 * Reads the whole body and passes it to `use`; the shares count its memory until that has ended, when it is returned.
 * It may have to give way to that of another client: at once while it is being read, and then when it waits or asks for
 * memory.
 * @throws {ProblemError} `BODY_TOO_LARGE`, `OVERLOADED`; `MALFORMED` if the client disconnected.
 */
export async function withBody<T>(
  incoming: IncomingMessage,
  limits: BodyLimits,
  use: (body: Buffer, memory: BodyMemory) => Promise<T>,
): Promise<T> {
  const { maxBytes, shares } = limits;
  if (Number(incoming.headers["content-length"]) > maxBytes) throw tooLarge(maxBytes);
  const memory = new BodyMemory(holder(clientAddress(incoming)), shares);
  const bytes = new BodyBytes(maxBytes);
  try {
    // A small body comes with the headers, and is here when their event has ended.
    await null;
    if (!takeArrived(incoming, limits, memory, bytes)) await readBody(incoming, limits, memory, bytes);
    return await use(bytes.all, memory);
  } finally {
    shares.release(memory);
    bytes.free();
  }
}

/**
 * Takes a body that is here already, without the events of a stream, which cost several times as much. Returns false if
 * it is not.
 */
function takeArrived(
  incoming: IncomingMessage,
  { shares, charge }: BodyLimits,
  memory: BodyMemory,
  body: BodyBytes,
): boolean {
  const { headers, readableLength } = incoming;
  if (readableLength === 0 || readableLength !== Number(headers["content-length"])) return false;
  charge(readableLength);
  if (!shares.grow(memory, readableLength)) throw tooMany();
  body.add(incoming.read() as Buffer);
  // The parser of Node.js says so a moment later, when the request may have been refused.
  incoming.complete = true;
  return true;
}

function readBody(
  incoming: IncomingMessage,
  { maxBytes, shares, charge }: BodyLimits,
  memory: BodyMemory,
  body: BodyBytes,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      incoming.off("data", onData);
      incoming.off("end", onEnd);
      incoming.off("close", onBrokenOff);
      memory.onTaken(undefined);
    };
    const fail = (error: unknown) => {
      stop();
      incoming.pause();
      reject(error);
    };
    memory.onTaken(() => fail(tooMany()));
    let pieces = 0;
    const onData = (piece: Buffer) => {
      try {
        charge(piece.length);
        if (body.length + piece.length > maxBytes) throw tooLarge(maxBytes);
        if (!shares.grow(memory, piece.length)) throw tooMany();
      } catch (error) {
        return fail(error);
      }
      body.add(piece);
      if (++pieces <= maxPieces || body.length >= pieces * crumbBytes) return;
      fail(new ProblemError("MALFORMED", "the body comes in crumbs"));
      // Reading the rest would take as long as accepting it.
      incoming.socket.destroy();
    };
    const onEnd = () => {
      stop();
      resolve();
    };
    const onBrokenOff = () => fail(new ProblemError("MALFORMED", "the body ended too early"));
    incoming.on("data", onData);
    incoming.on("end", onEnd);
    incoming.on("close", onBrokenOff);
    // A "close" event follows.
    incoming.on("error", ignore);
  });
}

function ignore(): void {}

function tooMany(): ProblemError {
  return overloaded("too many large requests at once: try again");
}

function tooLarge(maxBytes: number): ProblemError {
  const detail = `a body of this type has at most ${maxBytes} bytes: send the transactions in several requests`;
  return new ProblemError("BODY_TOO_LARGE", detail);
}
