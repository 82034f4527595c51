import type { Hono } from "hono";
import type { Head } from "../../chain/types.ts";
import type { TransactionRecord } from "../../types/index.ts";
import { toHex } from "../../util/bytes.ts";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { checkQuery, numberQuery, parseId, requireLedger } from "../query.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { transactionView, transactionViews } from "../views.ts";

const maxPendingPage = 1000;
const defaultPage = 100;

/** Reading transactions: one, and those that wait. */
export function transactionRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/transactions/:id", {
    GET: async (context) => {
      checkQuery(context, []);
      const id = parseId(context.req.param("id")!);
      const found = await findTransaction(requireLedger(services), id);
      if (found) return json(found);
      throw new ProblemError(
        "TRANSACTION_NOT_FOUND",
        `no block and no waiting transaction has the id ${toHex(id)}`,
      );
    },
  });
  route(app, "/v1/mempool", {
    GET: async (context) => {
      checkQuery(context, ["limit", "after"]);
      const { mempool } = requireLedger(services);
      const limit = numberQuery(context, "limit", { min: 1, max: maxPendingPage, fallback: defaultPage });
      const after = numberQuery(context, "after", { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: -1 });
      const records: TransactionRecord[] = [];
      let next: number | null = null;
      let last = -1;
      for (const { record, sequence } of mempool.entries()) {
        if (sequence <= after) continue;
        if (records.length === limit) {
          next = last;
          break;
        }
        records.push(record);
        last = sequence;
      }
      const { count, bytes } = mempool;
      return json({ count, bytes, transactions: await transactionViews(records), next });
    },
  });
}

async function findTransaction(ledger: LedgerServices, id: Uint8Array) {
  const idHex = toHex(id);
  const waiting = ledger.mempool.get(idHex);
  if (waiting) return pendingView(waiting.record);
  const included = await ledger.chain.reader.transaction(id);
  if (included) return includedView(ledger, included);
  // A reorganization may have brought it back to the mempool meanwhile.
  const returned = ledger.mempool.get(idHex);
  return returned && pendingView(returned.record);
}

function pendingView(record: TransactionRecord) {
  return { ...transactionView(record), status: "pending", block: null, index: null };
}

/** A transaction of a canonical block, with its place. */
export function includedView(
  { chain }: LedgerServices,
  { record, block, index }: { record: TransactionRecord; block: Head; index: number },
) {
  return {
    ...transactionView(record),
    status: block.height <= chain.finalized.height ? "finalized" : "included",
    block: { height: block.height, id: block.idHex, timestamp: block.header.message.timestamp },
    index,
  };
}
