import type { IncomingMessage } from "node:http";
import type { ByteBudget } from "./byte-budget.ts";
import { overloaded, ProblemError } from "./problem.ts";

/**
 * Reads the whole body and passes it to `use`; the budget counts it until that has ended.
 * @throws {ProblemError} `BODY_TOO_LARGE`, `OVERLOADED`; `MALFORMED` if the client disconnected.
 */
export async function withBody<T>(
  incoming: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  if (Number(incoming.headers["content-length"]) > maxBytes) throw tooLarge(maxBytes);
  const taken = { bytes: 0 };
  try {
    return await use(await readBody(incoming, maxBytes, budget, taken));
  } finally {
    budget.release(taken.bytes);
  }
}

function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
  taken: { bytes: number },
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
    const onData = (chunk: Buffer) => {
      if (taken.bytes + chunk.length > maxBytes) return fail(tooLarge(maxBytes));
      if (!budget.take(chunk.length)) return fail(overloaded("too many large requests at once: try again"));
      taken.bytes += chunk.length;
      chunks.push(chunk);
    };
    const onEnd = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
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

function tooLarge(maxBytes: number): ProblemError {
  const detail = `a body of this type has at most ${maxBytes} bytes: send the transactions in several requests`;
  return new ProblemError("BODY_TOO_LARGE", detail);
}
