import type { Refusal } from "../mempool/types.ts";
import type { TransactionRecord } from "../types/index.ts";
import { fromHex, type Hex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type ProblemCode, ProblemError, writeFailed } from "./problem.ts";
import type { LedgerServices } from "./services.ts";
import type { SinglePosts } from "./single-posts.ts";
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
  singles: SinglePosts;
  /** Looks for refused transactions in blocks. */
  lookUp(ids: readonly Uint8Array[]): Promise<Lookup>;
}

/** Submits one encoded transaction; resolves to its id once it is on disk. @throws {ProblemError} */
export async function submitOne(input: Uint8Array | InputRefusal, submission: Submission): Promise<Hex> {
  if (!(input instanceof Uint8Array)) throw new ProblemError(input.code, input.detail);
  const outcome = await submission.singles.add(input, submission.ledger.mempool);
  if (outcome.accepted) return outcome.record.idHex;
  const refusal: Refusal = outcome;
  const rejected = rejectedBy(refusal);
  if (mayBeIncluded(refusal)) {
    const { id, idHex } = refusal.record;
    const lookup = await submission.lookUp([id]);
    requireRead(lookup);
    refine(rejected, idHex, lookup);
  }
  const { code, detail, ...fields } = rejected;
  throw new ProblemError(code, detail, {}, fields);
}

/** A transaction of a list, or why it could not be decoded. */
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
  const rejected: Rejection[] = [];
  const sought: { id: Hex; rejection: Rejection }[] = [];
  for (let at = 0; at < list.length; at += batchSize) {
    for (const [offset, outcome] of (await submitBatch(list, at, submission)).entries()) {
      if (typeof outcome === "string") {
        accepted.push(outcome);
        continue;
      }
      const rejection = { index: at + offset, ...rejectedBy(outcome) };
      rejected.push(rejection);
      if ("record" in outcome && mayBeIncluded(outcome)) sought.push({ id: outcome.record.idHex, rejection });
    }
  }
  const lookup = sought.length > 0 ? await submission.lookUp(sought.map(({ id }) => fromHex(id))) : nothing;
  for (const { id, rejection } of sought) refine(rejection, id, lookup);
  return { accepted, rejected };
}

/** The id of each accepted transaction. A client that asks for too much loses this batch, but not those before it. */
async function submitBatch(list: InputList, from: number, submission: Submission): Promise<Outcome[]> {
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

/** The id of an accepted transaction, or the reason why it was not. */
type Outcome = Hex | Refusal | Rejected;

/** The id of each accepted transaction. A failing disk refuses the batch, but not the batches before it. */
async function addBatch(
  records: readonly TransactionRecord[],
  { ledger, logger }: Submission,
): Promise<Outcome[]> {
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

/** The outcome of one transaction for the answer. It keeps no record. */
function rejectedBy({ code, detail, minFee }: Refusal | Rejected): Rejected {
  return minFee === undefined ? { code, detail } : { code, detail, minFee: minFee.toString() };
}

/**
 * A client that repeats a transaction learns that a block includes it, rather than that its nonce is used or its time
 * is over. Each block is read once, however many of the refused transactions it includes.
 */
function refine(rejected: Rejected, id: Hex, { found, unread }: Lookup): void {
  const included = found.get(id);
  if (included) {
    rejected.code = "ALREADY_KNOWN";
    rejected.detail = `this transaction is already in block ${included.block.height}`;
  } else if (unread.has(id)) rejected.detail += "; a block may hold it: GET /v1/transactions/{id} tells";
}
