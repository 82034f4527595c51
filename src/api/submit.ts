import type { Refusal } from "../mempool/types.ts";
import { joinTransactions, type TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type ProblemCode, ProblemError, writeFailed } from "./problem.ts";
import type { LedgerServices } from "./services.ts";
import type { InputRefusal } from "./transaction-input.ts";

/** Transactions that are passed to the mempool at once: their signatures keep two threads busy for some 30 ms. */
const batchSize = 1000;

/** The answer to several transactions. `index` is that of the rejected transaction in the list that was sent. */
export interface SubmitManyBody {
  accepted: Hex[];
  rejected: Rejection[];
}

interface Rejection {
  index: number;
  code: ProblemCode;
  detail: string;
  /** The least fee that is accepted, if the fee is the problem. */
  minFee?: string;
}

/** Submits one encoded transaction; resolves to its id once it is on disk. @throws {ProblemError} */
export async function submitOne(input: Uint8Array | InputRefusal, ledger: LedgerServices): Promise<Hex> {
  if (!(input instanceof Uint8Array)) throw new ProblemError(input.code, input.detail);
  const { mempool } = ledger;
  const [outcome] = await mempool.add(mempool.decode(joinTransactions([input])), "local");
  if (outcome!.accepted) return outcome!.record.idHex;
  const refusal = outcome as Refusal;
  const { code, detail, ...fields } = (await refine([refusal], ledger))(refusal);
  throw new ProblemError(code, detail, {}, fields);
}

/** Each element is an encoded transaction, or the reason why it is none. */
export function submitInputs(
  inputs: readonly (Uint8Array | InputRefusal)[],
  ledger: LedgerServices,
  logger: Logger,
): Promise<SubmitManyBody> {
  const records = ledger.mempool.decode(
    joinTransactions(inputs.filter((input) => input instanceof Uint8Array)),
  );
  let next = 0;
  return submitMany(
    inputs.map((input) => (input instanceof Uint8Array ? records[next++]! : input)),
    ledger,
    logger,
  );
}

/** Rejections are in the order of the list. */
export async function submitMany(
  inputs: readonly (TransactionRecord | InputRefusal)[],
  ledger: LedgerServices,
  logger: Logger,
): Promise<SubmitManyBody> {
  const accepted: Hex[] = [];
  const rejected: Rejection[] = [];
  for (let at = 0; at < inputs.length; at += batchSize) {
    const slice = inputs.slice(at, at + batchSize);
    const outcomes = await addBatch(
      slice.filter((input) => "id" in input),
      ledger,
      logger,
    );
    let next = 0;
    for (const [offset, input] of slice.entries()) {
      const outcome = "id" in input ? outcomes[next++]! : input;
      if (typeof outcome === "string") accepted.push(outcome);
      else rejected.push({ index: at + offset, ...outcome });
    }
  }
  return { accepted, rejected };
}

type Rejected = Omit<Rejection, "index">;

/** The id of each accepted transaction. A failing disk refuses the batch, but not the batches before it. */
async function addBatch(
  records: readonly TransactionRecord[],
  ledger: LedgerServices,
  logger: Logger,
): Promise<(Hex | Rejected)[]> {
  if (records.length === 0) return [];
  try {
    const outcomes = await ledger.mempool.add(records, "local");
    const answer = await refine(
      outcomes.filter((outcome) => !outcome.accepted),
      ledger,
    );
    return outcomes.map((outcome) => (outcome.accepted ? outcome.record.idHex : answer(outcome)));
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "WRITE_FAILED") throw error;
    logger.error({ error: error.message }, "cannot write transactions");
    return records.map(() => ({ code: "WRITE_FAILED", detail: writeFailed }));
  }
}

/**
 * A client that repeats a transaction learns that a block includes it, rather than that its nonce is used or its time
 * is over. Each block is read once, however many of the refused transactions it includes.
 */
async function refine(
  refusals: readonly Refusal[],
  { chain }: LedgerServices,
): Promise<(refusal: Refusal) => Rejected> {
  const ids = new Map<Hex, Uint8Array>();
  for (const { code, record } of refusals)
    if (code === "NONCE_TOO_LOW" || code === "EXPIRED") ids.set(record.idHex, record.id);
  const included = await chain.reader.transactions([...ids.values()]);
  return ({ code, detail, record, minFee }) => {
    const found = included.get(record.idHex);
    if (!found) return { code, detail, ...(minFee !== undefined && { minFee: minFee.toString() }) };
    return { code: "ALREADY_KNOWN", detail: `this transaction is already in block ${found.block.height}` };
  };
}
