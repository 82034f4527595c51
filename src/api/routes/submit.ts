import type { IncomingMessage, ServerResponse } from "node:http";
import {
  checkTransactions,
  joinTransactions,
  sliceTransactions,
  type TransactionRecord,
} from "../../types/index.ts";
import { messageOf } from "../../util/errors.ts";
import { inSlices, systemPause } from "../../util/slices.ts";
import { type BodyMemory, withBody } from "../body.ts";
import { clientAddress } from "../client-address.ts";
import type { ClientLimiter } from "../client-limiter.ts";
import type { DearReads } from "../dear-reads.ts";
import { countValues } from "../json-values.ts";
import type { HttpLimits } from "../limits.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { Shares } from "../shares.ts";
import { SinglePosts } from "../single-posts.ts";
import { type Input, type InputList, type Submission, submitMany, submitOne } from "../submit.ts";
import { encodeInput, maxJsonTransactions, parseJson } from "../transaction-input.ts";
import type { TransactionReads } from "../transaction-reads.ts";

/** Bytes of a body that are read for the price of one request: parsing takes some microseconds a KiB. */
const bodyBytesPerToken = 2 * 1024;
/**
 * The price of a body besides its bytes: to decode one and refuse it with the reason takes as long as three answers.
 */
const tokensPerBody = 3;
/** Larger JSON bodies wait for their client's turn, because each value may produce an error text. */
const cheapValues = 32;
/** Transactions that are decoded in one turn of the event loop: a few milliseconds. */
const sliceSize = 250;
/** The memory of a transaction from its decoding to its verdict. */
const recordBytes = 2 * 1024;
/** The memory of a transaction's outcome until the answer has been made: a few fields, and their text. */
const outcomeBytes = 256;

export type Submit = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<string>;

/**
 * `POST /v1/transactions`: the hot path. Small bodies are decoded at once; larger ones of other machines share the time
 * of `reads`. Resolves to the JSON text of the answer with status 202. @throws {ProblemError}
 */
export function submitHandler(
  services: ApiServices,
  limits: HttpLimits,
  {
    limiter,
    reads,
    transactions,
  }: { limiter: ClientLimiter; reads: DearReads; transactions: TransactionReads },
): Submit {
  const bodies = new Shares(limits.maxBodyBytesInFlight);
  const singles = new SinglePosts(services.clock);
  const begin = (outgoing: ServerResponse): Submission => {
    const ledger = requireLedger(services);
    const lookUp = (ids: readonly Uint8Array[]) => transactions.find(ledger.chain.reader, ids, outgoing);
    return { ledger, logger: services.logger, singles, lookUp };
  };
  const postJson = async (body: Buffer, memory: BodyMemory, outgoing: ServerResponse): Promise<string> => {
    const submission = begin(outgoing);
    const { ledger } = submission;
    const decode = () => {
      memory.hold(0);
      const value = parseJson(body);
      if (!Array.isArray(value)) return encodeInput(value, ledger.chain.genesis.idHex);
      checkLength(value);
      memory.hold(value.length * recordBytes);
      return decodeValues(value, ledger);
    };
    const isCheap = body.length <= bodyBytesPerToken && countValues(body, cheapValues) <= cheapValues;
    const decoding = isCheap
      ? decode()
      : reads.run(clientAddress(outgoing.req), async () => decode(), memory.taken);
    const decoded = decoding instanceof Promise ? await decoding : decoding;
    if (!Array.isArray(decoded)) return `{"id":"${await submitOne(decoded, submission)}"}`;
    const list = { length: decoded.length, decode: async () => decoded };
    return JSON.stringify(await submitMany(list, submission));
  };
  const postSsz = async (body: Buffer, memory: BodyMemory, outgoing: ServerResponse): Promise<string> => {
    const submission = begin(outgoing);
    const decode = (from: number, to: number) => async () => {
      memory.hold((to - from) * recordBytes + from * outcomeBytes);
      return decodeList(body, from, to, submission.ledger);
    };
    const isCheap = body.length <= bodyBytesPerToken;
    const list: InputList = {
      length: countTransactions(body),
      decode: (from, to) =>
        isCheap ? decode(from, to)() : reads.run(clientAddress(outgoing.req), decode(from, to), memory.taken),
    };
    return JSON.stringify(await submitMany(list, submission));
  };
  // Not async: the promise of a promise costs more than the call.
  return (incoming, outgoing) => {
    const address = clientAddress(incoming);
    const charge = (bytes: number) => {
      if (!limiter.charge(address, bytes / bodyBytesPerToken)) throw tooFast(limiter.retryAfterS(address));
    };
    const read = (maxBytes: number, post: typeof postJson) => {
      limiter.charge(address, tokensPerBody);
      return withBody(incoming, { maxBytes, shares: bodies, charge }, (body, memory) =>
        post(body, memory, outgoing),
      );
    };
    const { headers } = incoming;
    if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
      throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "compressed bodies are not supported");
    }
    switch (mediaType(headers["content-type"])) {
      case "application/json":
        return read(limits.maxJsonBytes, postJson);
      case "application/octet-stream":
        return read(limits.maxSszBytes, postSsz);
      default:
        throw new ProblemError(
          "UNSUPPORTED_MEDIA_TYPE",
          "content-type must be application/json, or application/octet-stream for an SSZ list",
        );
    }
  };
}

function tooFast(retryAfterS: number): ProblemError {
  const detail = `too many bytes at once: wait ${retryAfterS} s, and send one list after the other`;
  return new ProblemError("RATE_LIMITED", detail, { "retry-after": String(retryAfterS) });
}

/** @throws {ProblemError} `MALFORMED` */
function checkLength({ length }: unknown[]): void {
  if (length === 0) throw new ProblemError("MALFORMED", "the list is empty");
  if (length <= maxJsonTransactions) return;
  throw new ProblemError(
    "MALFORMED",
    `a list has at most ${maxJsonTransactions} transactions, this one ${length}: send several, or SSZ`,
  );
}

/** The transactions of a JSON list. Other work runs between the slices. */
async function decodeValues(
  values: readonly unknown[],
  { mempool, chain }: LedgerServices,
): Promise<Input[]> {
  const inputs: Input[] = [];
  await inSlices(Math.ceil(values.length / sliceSize), 1, systemPause, (slice) => {
    const encoded = values
      .slice(slice * sliceSize, (slice + 1) * sliceSize)
      .map((value) => encodeInput(value, chain.genesis.idHex));
    const list = joinTransactions(encoded.filter((input) => input instanceof Uint8Array));
    const records = mempool.decode(list).values();
    for (const input of encoded) inputs.push(input instanceof Uint8Array ? records.next().value! : input);
  });
  return inputs;
}

/** @throws {ProblemError} `MALFORMED` if any transaction of the list cannot be decoded */
function countTransactions(body: Buffer): number {
  try {
    return checkTransactions(body);
  } catch (error) {
    throw new ProblemError("MALFORMED", `the body is not an SSZ list of transactions: ${messageOf(error)}`);
  }
}

/** A part of an SSZ list. Other work runs between the slices. */
async function decodeList(
  body: Buffer,
  from: number,
  to: number,
  { mempool }: LedgerServices,
): Promise<TransactionRecord[]> {
  const records: TransactionRecord[] = [];
  await inSlices(Math.ceil((to - from) / sliceSize), 1, systemPause, (slice) => {
    const start = from + slice * sliceSize;
    const list = sliceTransactions(body, start, Math.min(start + sliceSize, to));
    for (const record of mempool.decode(list)) records.push(record);
  });
  return records;
}

/** The media type without its parameters, such as `charset=utf-8`. */
export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}
