import type { IncomingMessage } from "node:http";
import { clientAddress } from "./client-address.ts";
import { overloaded, ProblemError } from "./problem.ts";
import { type Holding, holder, type Shares, thisMachine } from "./shares.ts";

/** The memory that a piece takes besides its bytes. */
const pieceBytes = 256;
/** A body in more pieces than this, most of which are smaller than `pieceBytes`, is not read to its end. */
const maxCrumbs = 1_024;

/** The memory of a body that was read and is being processed. */
export interface BodyMemory {
  /**
   * Counts bytes that are taken besides the body, as many as the largest call says; those of this machine's own programs
   * are not counted. @throws {ProblemError} `OVERLOADED` if there is no room, or if the body had to give way.
   */
  hold(bytes: number): void;
}

/**
 * Reads the whole body and passes it to `use`; the shares count its memory until that has ended. It may have to give way
 * to that of another client: at once while it is being read, and then when it asks for memory.
 * @throws {ProblemError} `BODY_TOO_LARGE`, `OVERLOADED`; `MALFORMED` if the client disconnected.
 */
export async function withBody<T>(
  incoming: IncomingMessage,
  maxBytes: number,
  shares: Shares,
  use: (body: Buffer, memory: BodyMemory) => Promise<T>,
): Promise<T> {
  if (Number(incoming.headers["content-length"]) > maxBytes) throw tooLarge(maxBytes);
  const reading: Reading = {
    client: holder(clientAddress(incoming)),
    size: 0,
    isTaken: false,
    mayDrop: () => true,
    drop: () => undefined,
  };
  try {
    const body = await readBody(incoming, maxBytes, shares, reading);
    return await use(body, memoryOf(reading, shares));
  } finally {
    shares.release(reading);
  }
}

interface Reading extends Holding {
  /** True once its memory went to another client while it was being processed. */
  isTaken: boolean;
}

function memoryOf(reading: Reading, shares: Shares): BodyMemory {
  let held = 0;
  const hold = (bytes: number) => {
    const more = Math.max(0, bytes - held);
    if (reading.isTaken || (reading.client !== thisMachine && !shares.grow(reading, more))) throw tooMany();
    held += more;
  };
  return { hold };
}

function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  shares: Shares,
  reading: Reading,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const stop = () => {
      incoming.off("data", onData);
      incoming.off("end", onEnd);
      incoming.off("close", onBrokenOff);
    };
    const fail = (error: ProblemError) => {
      stop();
      incoming.pause();
      reject(error);
    };
    reading.drop = () => fail(tooMany());
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) return fail(tooLarge(maxBytes));
      if (!shares.grow(reading, chunk.length + pieceBytes)) return fail(tooMany());
      if (chunks.push(chunk) <= maxCrumbs || bytes >= chunks.length * pieceBytes) return;
      fail(new ProblemError("MALFORMED", "the body comes in crumbs"));
      // To read the rest would take as long as to accept it.
      incoming.socket.destroy();
    };
    const onEnd = () => {
      stop();
      reading.drop = () => {
        reading.isTaken = true;
      };
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      // `drop` keeps this scope, and so the pieces.
      chunks.length = 0;
      resolve(body);
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
