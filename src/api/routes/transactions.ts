import * as z from "zod";
import type { IncludedTransaction } from "../../chain/types.ts";
import type { TransactionRecord } from "../../types/index.ts";
import { type Hex, toHex } from "../../util/bytes.ts";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { maxCount } from "../query.ts";
import { requireLedger } from "../require-ledger.ts";
import { mempoolSchema, placedTransactionSchema } from "../schemas/transactions.ts";
import { countQuery, idParameter } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import type { TransactionReads } from "../transaction-reads.ts";
import { transactionView, transactionViews } from "../views.ts";

/** Routes to read transactions: a single one, and the waiting ones. */
export function transactionRoutes(api: Api, services: ApiServices, transactions: TransactionReads): void {
  api.serve(
    {
      id: "getTransaction",
      method: "GET",
      path: "/v1/transactions/{id}",
      tag: "Transactions",
      summary: "A transaction and the block that holds it",
      description: "A reorganization can make an included transaction pending again, never a finalized one.",
      params: z.object({ id: idParameter }),
      answer: placedTransactionSchema,
      problems: ["NO_GENESIS", "TRANSACTION_NOT_FOUND", "OVERLOADED"],
    },
    async ({ params: { id }, context }) => {
      const ledger = requireLedger(services);
      const { outgoing } = context.env;
      const found = await findTransaction(ledger, id, () =>
        transactions.one(ledger.chain.reader, id, outgoing),
      );
      if (found) return found;
      throw new ProblemError(
        "TRANSACTION_NOT_FOUND",
        `no block and no waiting transaction has the id ${toHex(id)}`,
      );
    },
  );
  api.serve(
    {
      id: "listMempool",
      method: "GET",
      path: "/v1/mempool",
      tag: "Transactions",
      summary: "Waiting transactions in the order of arrival",
      description: "Send `next` as `after` for the next page.",
      query: z.strictObject({
        after: countQuery(0, maxCount).optional().describe("The `next` of an earlier answer."),
        limit: countQuery(1, 1000).default(100).describe("The largest number of results."),
      }),
      answer: mempoolSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async ({ query: { after = -1, limit } }) => {
      const { mempool } = requireLedger(services);
      const records: TransactionRecord[] = [];
      let next: number | null = null;
      let last = -1;
      for (const entry of mempool.entries()) {
        if (entry.sequence <= after) continue;
        if (records.length === limit) {
          next = last;
          break;
        }
        records.push(entry.record);
        last = entry.sequence;
      }
      const { count, bytes } = mempool;
      return { count, bytes, transactions: await transactionViews(records), next };
    },
  );
}

async function findTransaction(
  ledger: LedgerServices,
  id: Uint8Array,
  inBlock: () => Promise<IncludedTransaction | undefined>,
) {
  const idHex = toHex(id);
  const waiting = ledger.mempool.get(idHex);
  if (waiting) return pendingView(waiting.record);
  const included = await inBlock();
  if (included) return includedView(ledger, included);
  // A reorganization may have returned it to the mempool meanwhile.
  const returned = ledger.mempool.get(idHex);
  return returned && pendingView(returned.record);
}

function pendingView(record: TransactionRecord) {
  return { ...transactionView(record), status: "pending" as const, block: null, index: null };
}

/** A transaction of a canonical block, with its place. */
export function includedView(ledger: LedgerServices, { record, block, index }: IncludedTransaction) {
  const { height, idHex, header } = block;
  return placedView(ledger, { record, index, block: { height, idHex, timestamp: header.message.timestamp } });
}

/** The same for a block of which no more is known. */
export function placedView(
  { chain }: LedgerServices,
  {
    record,
    block: { height, idHex, timestamp },
    index,
  }: { record: TransactionRecord; block: { height: number; idHex: Hex; timestamp: number }; index: number },
  addressText?: (address: Uint8Array) => string,
) {
  return {
    ...transactionView(record, addressText),
    status: height <= chain.finalized.height ? ("finalized" as const) : ("included" as const),
    block: { height, id: idHex, timestamp },
    index,
  };
}
