import type { AddOutcome } from "../mempool/types.ts";
import { TransactionError } from "../types/errors.ts";
import type { Transaction } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type ProblemCode, writeFailed } from "./problem.ts";
import type { LedgerServices } from "./services.ts";

/** Transactions given to the mempool at once: their signatures keep the thread pool busy for some 60 ms. */
const batchSize = 1000;

/** The answer to several transactions. `index`: of the rejected one in the list that was sent. */
export interface SubmitManyBody {
  accepted: Hex[];
  rejected: Rejection[];
}

export interface Rejection {
  index: number;
  code: ProblemCode;
  detail: string;
}

/** One transaction; resolves to its id once it is on disk. @throws {TransactionError} */
export async function submitOne(transaction: Transaction, ledger: LedgerServices): Promise<Hex> {
  const [outcome] = await ledger.mempool.add([transaction], "local");
  if (outcome!.accepted) return outcome!.record.idHex;
  const { code, detail } = await refine(outcome as Refused, ledger);
  throw new TransactionError(code, detail);
}

/** Each element is a transaction, or why it is none. Rejections come in the order of the list. */
export async function submitMany(
  inputs: readonly (Transaction | TransactionError)[],
  ledger: LedgerServices,
  logger: Logger,
): Promise<SubmitManyBody> {
  const accepted: Hex[] = [];
  const rejected: Rejection[] = [];
  for (let at = 0; at < inputs.length; at += batchSize) {
    const slice = inputs.slice(at, at + batchSize);
    const outcomes = await addBatch(
      slice.filter((input): input is Transaction => !(input instanceof TransactionError)),
      ledger,
      logger,
    );
    let next = 0;
    for (const [offset, input] of slice.entries()) {
      const outcome = input instanceof TransactionError ? reject(input) : outcomes[next++]!;
      if (typeof outcome === "string") accepted.push(outcome);
      else rejected.push({ index: at + offset, ...outcome });
    }
  }
  return { accepted, rejected };
}

type Refused = Extract<AddOutcome, { accepted: false }>;
type Refusal = Omit<Rejection, "index">;

/** The id of each that was accepted. A disk that fails refuses the batch, not those before it. */
async function addBatch(
  transactions: Transaction[],
  ledger: LedgerServices,
  logger: Logger,
): Promise<(Hex | Refusal)[]> {
  if (transactions.length === 0) return [];
  try {
    const outcomes = await ledger.mempool.add(transactions, "local");
    return await Promise.all(
      outcomes.map((outcome) => (outcome.accepted ? outcome.record.idHex : refine(outcome, ledger))),
    );
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "WRITE_FAILED") throw error;
    logger.error({ error: error.message }, "cannot write transactions");
    return transactions.map(() => ({ code: "WRITE_FAILED", detail: writeFailed }));
  }
}

function reject({ code, message }: TransactionError): Refusal {
  return { code, detail: message };
}

/** Who sends a transaction again that is in a block already learns that, rather than that its nonce is used. */
async function refine({ code, detail, record }: Refused, { chain }: LedgerServices) {
  const included = code === "NONCE_TOO_LOW" && record && (await chain.reader.transaction(record.id));
  if (!included) return { code, detail };
  return {
    code: "ALREADY_KNOWN" as const,
    detail: `this transaction is in block ${included.block.height} already`,
  };
}
