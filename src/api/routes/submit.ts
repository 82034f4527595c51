import { TransactionError } from "../../types/errors.ts";
import type { Transaction } from "../../types/index.ts";
import type { Hex } from "../../util/bytes.ts";
import { BodyBudget, withBody } from "../body.ts";
import { type Handler, json } from "../http.ts";
import type { HttpLimits } from "../limits.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../query.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { submitMany, submitOne } from "../submit.ts";
import {
  maxJsonTransactions,
  parseJson,
  parseSszTransactions,
  parseTransaction,
} from "../transaction-input.ts";

/** `POST /v1/transactions`: the hot path. */
export function submitHandler(services: ApiServices, limits: HttpLimits): Handler {
  const budget = new BodyBudget(limits.maxBodyBytesInFlight);
  const postJson = async (body: Buffer): Promise<Response> => {
    const ledger = requireLedger(services);
    const value = parseJson(body);
    if (Array.isArray(value)) return submitList(value, ledger, services);
    const id = await submitOne(parseTransaction(value, ledger.chain.genesis.idHex), ledger);
    return json({ id }, 202);
  };
  const postSsz = async (body: Buffer): Promise<Response> => {
    const ledger = requireLedger(services);
    return json(await submitMany(parseSszTransactions(body), ledger, services.logger), 202);
  };
  return ({ env: { incoming } }) => {
    const { headers } = incoming;
    if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
      throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "compressed bodies are not supported");
    }
    switch (mediaType(headers["content-type"])) {
      case "application/json":
        return withBody(incoming, limits.maxJsonBytes, budget, postJson);
      case "application/octet-stream":
        return withBody(incoming, limits.maxSszBytes, budget, postSsz);
      default:
        throw new ProblemError(
          "UNSUPPORTED_MEDIA_TYPE",
          "content-type must be application/json, or application/octet-stream for an SSZ list",
        );
    }
  };
}

async function submitList(
  values: unknown[],
  ledger: LedgerServices,
  { logger }: ApiServices,
): Promise<Response> {
  if (values.length === 0) throw new ProblemError("MALFORMED", "the list holds no transaction");
  if (values.length > maxJsonTransactions) {
    throw new ProblemError(
      "MALFORMED",
      `a list has at most ${maxJsonTransactions} transactions, this one ${values.length}: send several, or SSZ`,
    );
  }
  const { idHex } = ledger.chain.genesis;
  const inputs = values.map((value) => tryParse(value, idHex));
  return json(await submitMany(inputs, ledger, logger), 202);
}

function tryParse(value: unknown, genesisId: Hex): Transaction | TransactionError {
  try {
    return parseTransaction(value, genesisId);
  } catch (error) {
    if (error instanceof TransactionError) return error;
    throw error;
  }
}

/** Without its parameters, such as `charset=utf-8`. */
export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase();
}
