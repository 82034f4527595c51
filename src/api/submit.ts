import type { Refusal } from "../mempool/types.ts";
import { joinTransactions, type TransactionRecord } from "../types/index.ts";
import { fromHex, type Hex } from "../util/bytes.ts";
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
  const refused = withoutRecord(outcome as Refusal);
  const lookup = refused.sought ? await submission.lookUp([fromHex(refused.sought)]) : nothing;
  requireRead(lookup);
  const { code, detail, ...fields } = refine(refused, lookup);
  throw new ProblemError(code, detail, {}, fields);
}

/** A transaction of a list, or the reason why it is none. */
export type Input = TransactionRecord | InputRefusal;

/** A list of transactions that is decoded batch by batch, so that few of its records are in memory at once. */
export interface InputList {
  length: number;
  /** The transactions from one index to another. @throws {ProblemError} `OVERLOADED` */
  decode(from: number, to: number): Promise<readonly Input[]>;
}

/** Rejections are in the order of the list. @throws {ProblemError} `OVERLOADED` before any was accepted. */
export async function submitMany(list: InputList, submission: Submission): Promise<SubmitManyBody> {
  const accepted: Hex[] = [];
  const refused: (Refused & { index: number })[] = [];
  for (let at = 0; at < list.length; at += batchSize) {
    for (const [offset, outcome] of (await submitBatch(list, at, submission)).entries()) {
      if (typeof outcome === "string") accepted.push(outcome);
      else refused.push({ index: at + offset, ...outcome });
    }
  }
  const ids = refused.flatMap(({ sought }) => sought ?? []);
  const lookup = ids.length > 0 ? await submission.lookUp(ids.map(fromHex)) : nothing;
  return { accepted, rejected: refused.map((each) => ({ index: each.index, ...refine(each, lookup) })) };
}

/** The id of each accepted transaction. A client that asks for too much loses this batch, but not those before it. */
async function submitBatch(
  list: InputList,
  from: number,
  submission: Submission,
): Promise<(Hex | Refused)[]> {
  const to = Math.min(from + batchSize, list.length);
  let inputs: readonly Input[];
  try {
    inputs = await list.decode(from, to);
  } catch (error) {
    if (from === 0 || !(error instanceof ProblemError)) throw error;
    return new Array(to - from).fill({ code: error.code, detail: error.message });
  }
  const outcomes = await addBatch(
    inputs.filter((input) => "id" in input),
    submission,
  );
  let next = 0;
  return inputs.map((input) => ("id" in input ? outcomes[next++]! : input));
}

type Rejected = Omit<Rejection, "index">;

/** A refusal that keeps no record. */
interface Refused extends Rejected {
  /** The id, if a block may include the transaction. */
  sought?: Hex;
}

/** The id of each accepted transaction. A failing disk refuses the batch, but not the batches before it. */
async function addBatch(
  records: readonly TransactionRecord[],
  { ledger, logger }: Submission,
): Promise<(Hex | Refused)[]> {
  if (records.length === 0) return [];
  try {
    const outcomes = await ledger.mempool.add(records, "local");
    return outcomes.map((outcome) => (outcome.accepted ? outcome.record.idHex : withoutRecord(outcome)));
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "WRITE_FAILED") throw error;
    logger.error({ error: error.message }, "cannot write transactions");
    return records.map(() => ({ code: "WRITE_FAILED", detail: writeFailed }));
  }
}

const nothing: Lookup = { found: new Map(), unread: new Set() };

function withoutRecord({ code, detail, record, minFee }: Refusal): Refused {
  const mayBeIncluded = code === "NONCE_TOO_LOW" || code === "EXPIRED";
  return {
    ...{ code, detail },
    ...(minFee !== undefined && { minFee: minFee.toString() }),
    ...(mayBeIncluded && { sought: record.idHex }),
  };
}

/**
 * A client that repeats a transaction learns that a block includes it, rather than that its nonce is used or its time
 * is over. Each block is read once, however many of the refused transactions it includes.
 */
function refine({ code, detail, minFee, sought }: Refused, { found, unread }: Lookup): Rejected {
  const included = sought && found.get(sought);
  if (included)
    return {
      code: "ALREADY_KNOWN",
      detail: `this transaction is already in block ${included.block.height}`,
    };
  const doubt = sought && unread.has(sought) ? "; a block may hold it: GET /v1/transactions/{id} tells" : "";
  return { code, detail: detail + doubt, ...(minFee !== undefined && { minFee }) };
}
