import type { TransactionRecord } from "../../types/index.ts";
import { messageOf } from "../../util/errors.ts";
import { withBody } from "../body.ts";
import { type Handler, json } from "../http.ts";
import type { HttpLimits } from "../limits.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { Shares } from "../shares.ts";
import { submitInputs, submitMany, submitOne } from "../submit.ts";
import { encodeInput, maxJsonTransactions, parseJson } from "../transaction-input.ts";

/** `POST /v1/transactions`: the hot path. */
export function submitHandler(services: ApiServices, limits: HttpLimits): Handler {
  const bodies = new Shares(limits.maxBodyBytesInFlight);
  const { logger } = services;
  const postJson = async (body: Buffer): Promise<Response> => {
    const ledger = requireLedger(services);
    const { idHex } = ledger.chain.genesis;
    const value = parseJson(body);
    if (!Array.isArray(value)) return json({ id: await submitOne(encodeInput(value, idHex), ledger) }, 202);
    checkLength(value);
    const inputs = value.map((each) => encodeInput(each, idHex));
    return json(await submitInputs(inputs, ledger, logger), 202);
  };
  const postSsz = async (body: Buffer): Promise<Response> => {
    const ledger = requireLedger(services);
    return json(await submitMany(decodeList(body, ledger), ledger, logger), 202);
  };
  return ({ env: { incoming } }) => {
    const { headers } = incoming;
    if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
      throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "compressed bodies are not supported");
    }
    switch (mediaType(headers["content-type"])) {
      case "application/json":
        return withBody(incoming, limits.maxJsonBytes, bodies, postJson);
      case "application/octet-stream":
        return withBody(incoming, limits.maxSszBytes, bodies, postSsz);
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

/** The records keep a copy, since `body` may be a small part of a large buffer. @throws {ProblemError} `MALFORMED` */
function decodeList(body: Buffer, { mempool }: LedgerServices): TransactionRecord[] {
  try {
    return mempool.decode(new Uint8Array(body));
  } catch (error) {
    throw new ProblemError("MALFORMED", `the body is not an SSZ list of transactions: ${messageOf(error)}`);
  }
}

/** The media type without its parameters, such as `charset=utf-8`. */
export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}
