import type { IncomingMessage, ServerResponse } from "node:http";
import { joinTransactions, splitTransactions, type TransactionRecord } from "../../types/index.ts";
import { messageOf } from "../../util/errors.ts";
import { inSlices, systemPause } from "../../util/slices.ts";
import { withBody } from "../body.ts";
import { clientAddress } from "../client-address.ts";
import type { ClientLimiter } from "../client-limiter.ts";
import { type Handler, json } from "../http.ts";
import type { HttpLimits } from "../limits.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { Shares } from "../shares.ts";
import { type Submission, submitInputs, submitMany, submitOne } from "../submit.ts";
import { encodeInput, maxJsonTransactions, parseJson } from "../transaction-input.ts";
import type { TransactionReads } from "../transaction-reads.ts";

/** Bytes of a body that are read for the price of one request: parsing takes some microseconds a KiB. */
const bodyBytesPerToken = 2 * 1024;
/** Transactions that are decoded in one turn of the event loop: a few milliseconds. */
const sliceSize = 250;

/** `POST /v1/transactions`: the hot path. */
export function submitHandler(
  services: ApiServices,
  limits: HttpLimits,
  limiter: ClientLimiter,
  transactions: TransactionReads,
): Handler {
  const bodies = new Shares(limits.maxBodyBytesInFlight);
  const begin = (outgoing: ServerResponse): Submission => {
    const ledger = requireLedger(services);
    const lookUp = (ids: readonly Uint8Array[]) => transactions.find(ledger.chain.reader, ids, outgoing);
    return { ledger, logger: services.logger, lookUp };
  };
  const postJson = async (body: Buffer, outgoing: ServerResponse): Promise<Response> => {
    const submission = begin(outgoing);
    const { idHex } = submission.ledger.chain.genesis;
    const value = parseJson(body);
    if (!Array.isArray(value))
      return json({ id: await submitOne(encodeInput(value, idHex), submission) }, 202);
    checkLength(value);
    const inputs: ReturnType<typeof encodeInput>[] = [];
    await inSlices(value.length, sliceSize, systemPause, (index) =>
      inputs.push(encodeInput(value[index], idHex)),
    );
    return json(await submitInputs(inputs, submission), 202);
  };
  const postSsz = async (body: Buffer, outgoing: ServerResponse): Promise<Response> => {
    const submission = begin(outgoing);
    return json(await submitMany(await decodeList(body, submission.ledger), submission), 202);
  };
  return ({ env }) => {
    const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse };
    const read = (maxBytes: number, post: typeof postJson) =>
      withBody(incoming, maxBytes, bodies, (body) => {
        limiter.charge(clientAddress(incoming), body.length / bodyBytesPerToken);
        return post(body, outgoing);
      });
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

/** @throws {ProblemError} `MALFORMED` */
function checkLength({ length }: unknown[]): void {
  if (length === 0) throw new ProblemError("MALFORMED", "the list is empty");
  if (length <= maxJsonTransactions) return;
  throw new ProblemError(
    "MALFORMED",
    `a list has at most ${maxJsonTransactions} transactions, this one ${length}: send several, or SSZ`,
  );
}

/**
 * The records keep a copy, since `body` may be a small part of a large buffer. Other work runs between the slices.
 * @throws {ProblemError} `MALFORMED`
 */
async function decodeList(body: Buffer, { mempool }: LedgerServices): Promise<TransactionRecord[]> {
  try {
    const encoded = splitTransactions(body);
    const records: TransactionRecord[] = [];
    await inSlices(Math.ceil(encoded.length / sliceSize), 1, systemPause, (slice) => {
      const list = joinTransactions(encoded.slice(slice * sliceSize, (slice + 1) * sliceSize));
      for (const record of mempool.decode(list)) records.push(record);
    });
    return records;
  } catch (error) {
    throw new ProblemError("MALFORMED", `the body is not an SSZ list of transactions: ${messageOf(error)}`);
  }
}

/** The media type without its parameters, such as `charset=utf-8`. */
export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}
