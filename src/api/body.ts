import type { IncomingMessage } from "node:http";
import { BodyBytes } from "./body-bytes.ts";
import { clientAddress } from "./client-address.ts";
import { overloaded, ProblemError } from "./problem.ts";
import { type Holding, holder, type Shares, thisMachine } from "./shares.ts";

/** A body in more pieces than this, of `crumbBytes` on average or less, is not read to its end. */
const maxPieces = 1_024;
const crumbBytes = 256;

/** The memory of a body that was read and is being processed. */
export interface BodyMemory {
  /**
   * Counts `bytes` that are taken besides the body; of several calls the largest counts. Programs of this machine may
   * take any number. @throws {ProblemError} `OVERLOADED` if there is no room, or if the body had to give way.
   */
  hold(bytes: number): void;
  /** Aborted when the body has to give way: what it waits for should end. */
  readonly taken: AbortSignal;
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
  const reading: Holding = {
    client: holder(clientAddress(incoming)),
    size: 0,
    mayDrop: () => true,
    drop: () => undefined,
  };
  const bytes = new BodyBytes(maxBytes);
  try {
    await readBody(incoming, limits, reading, bytes);
    return await use(bytes.all, memoryOf(reading, shares));
  } finally {
    shares.release(reading);
    bytes.free();
  }
}

function memoryOf(reading: Holding, shares: Shares): BodyMemory {
  let isTaken = false;
  let taken: AbortController | undefined;
  reading.drop = () => {
    isTaken = true;
    taken?.abort();
  };
  let held = 0;
  const hold = (bytes: number) => {
    const more = Math.max(0, bytes - held);
    if (isTaken || (reading.client !== thisMachine && !shares.grow(reading, more))) throw tooMany();
    held += more;
  };
  return {
    hold,
    // Few bodies wait for anything, and a controller takes longer to make than their lists.
    get taken() {
      taken ??= new AbortController();
      if (isTaken) taken.abort();
      return taken.signal;
    },
  };
}

function readBody(
  incoming: IncomingMessage,
  { maxBytes, shares, charge }: BodyLimits,
  reading: Holding,
  body: BodyBytes,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      incoming.off("data", onData);
      incoming.off("end", onEnd);
      incoming.off("close", onBrokenOff);
    };
    const fail = (error: unknown) => {
      stop();
      incoming.pause();
      reject(error);
    };
    reading.drop = () => fail(tooMany());
    let pieces = 0;
    const onData = (piece: Buffer) => {
      try {
        charge(piece.length);
        if (body.length + piece.length > maxBytes) throw tooLarge(maxBytes);
        if (!shares.grow(reading, piece.length)) throw tooMany();
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
