import type { Refusal } from "../mempool/types.ts";
import { joinTransactions, type TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type ProblemCode, ProblemError, writeFailed } from "./problem.ts";
import type { LedgerServices } from "./services.ts";
import type { InputRefusal } from "./transaction-input.ts";
import { type Lookup, requireRead } from "./transaction-reads.ts";

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

/** The services that a submission uses. */
export interface Submission {
  ledger: LedgerServices;
  logger: Logger;
  /** Looks for refused transactions in blocks. */
  lookUp(ids: readonly Uint8Array[]): Promise<Lookup>;
}

/** Submits one encoded transaction; resolves to its id once it is on disk. @throws {ProblemError} */
export async function submitOne(input: Uint8Array | InputRefusal, submission: Submission): Promise<Hex> {
  if (!(input instanceof Uint8Array)) throw new ProblemError(input.code, input.detail);
  const { mempool } = submission.ledger;
  const [outcome] = await mempool.add(mempool.decode(joinTransactions([input])), "local");
  if (outcome!.accepted) return outcome!.record.idHex;
  const refusal = outcome as Refusal;
  const lookup = mayBeIncluded(refusal) ? await submission.lookUp([refusal.record.id]) : nothing;
  requireRead(lookup);
  const { code, detail, ...fields } = refine(refusal, lookup);
  throw new ProblemError(code, detail, {}, fields);
}

/** Each element is an encoded transaction, or the reason why it is none. */
export function submitInputs(
  inputs: readonly (Uint8Array | InputRefusal)[],
  submission: Submission,
): Promise<SubmitManyBody> {
  const records = submission.ledger.mempool.decode(
    joinTransactions(inputs.filter((input) => input instanceof Uint8Array)),
  );
  let next = 0;
  return submitMany(
    inputs.map((input) => (input instanceof Uint8Array ? records[next++]! : input)),
    submission,
  );
}

/** Rejections are in the order of the list. */
export async function submitMany(
  inputs: readonly (TransactionRecord | InputRefusal)[],
  submission: Submission,
): Promise<SubmitManyBody> {
  const accepted: Hex[] = [];
  const refused: { index: number; outcome: Refusal | Rejected }[] = [];
  for (let at = 0; at < inputs.length; at += batchSize) {
    const slice = inputs.slice(at, at + batchSize);
    const outcomes = await addBatch(
      slice.filter((input) => "id" in input),
      submission,
    );
    let next = 0;
    for (const [offset, input] of slice.entries()) {
      const outcome = "id" in input ? outcomes[next++]! : input;
      if (typeof outcome === "string") accepted.push(outcome);
      else refused.push({ index: at + offset, outcome });
    }
  }
  const ids = refused.flatMap(({ outcome }) =>
    "record" in outcome && mayBeIncluded(outcome) ? [outcome.record.id] : [],
  );
  const lookup = ids.length > 0 ? await submission.lookUp(ids) : nothing;
  const rejected = refused.map(({ index, outcome }) => ({
    index,
    ...("record" in outcome ? refine(outcome, lookup) : outcome),
  }));
  return { accepted, rejected };
}

type Rejected = Omit<Rejection, "index">;

/** The id of each accepted transaction. A failing disk refuses the batch, but not the batches before it. */
async function addBatch(
  records: readonly TransactionRecord[],
  { ledger, logger }: Submission,
): Promise<(Hex | Refusal | Rejected)[]> {
  if (records.length === 0) return [];
  try {
    const outcomes = await ledger.mempool.add(records, "local");
    return outcomes.map((outcome) => (outcome.accepted ? outcome.record.idHex : outcome));
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "WRITE_FAILED") throw error;
    logger.error({ error: error.message }, "cannot write transactions");
    return records.map(() => ({ code: "WRITE_FAILED", detail: writeFailed }));
  }
}

const nothing: Lookup = { found: new Map(), unread: new Set() };

function mayBeIncluded({ code }: Refusal): boolean {
  return code === "NONCE_TOO_LOW" || code === "EXPIRED";
}

/**
 * A client that repeats a transaction learns that a block includes it, rather than that its nonce is used or its time
 * is over. Each block is read once, however many of the refused transactions it includes.
 */
function refine({ code, detail, record, minFee }: Refusal, { found, unread }: Lookup): Rejected {
  const included = found.get(record.idHex);
  if (included)
    return {
      code: "ALREADY_KNOWN",
      detail: `this transaction is already in block ${included.block.height}`,
    };
  const doubt = unread.has(record.idHex) ? "; a block may hold it: GET /v1/transactions/{id} tells" : "";
  return { code, detail: detail + doubt, ...(minFee !== undefined && { minFee: minFee.toString() }) };
}
