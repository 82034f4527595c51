import * as z from "zod";
import type { SideBlock } from "../../chain/side-blocks.ts";
import type { TransactionRecord } from "../../types/index.ts";
import { toHex } from "../../util/bytes.ts";
import { blockNotFound } from "../block-name.ts";
import type { Api } from "../operation.ts";
import { requireLedger } from "../require-ledger.ts";
import { forkSchema, forksSchema, type TransactionFate } from "../schemas/forks.ts";
import { idParameter } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { type Lookup, requireRead, type TransactionReads } from "../transaction-reads.ts";
import { transactionView } from "../views.ts";
import { summaryView } from "./blocks.ts";
import { includedView } from "./transactions.ts";

/** Routes for blocks that lost against others, and for what became of their transactions. */
export function forkRoutes(api: Api, services: ApiServices, transactions: TransactionReads): void {
  api.serve(
    {
      id: "listForks",
      method: "GET",
      path: "/v1/forks",
      tag: "Blocks",
      summary: "Blocks that are not canonical, highest first",
      description:
        "The newest 100 blocks that lost against a better one or were retracted by a reorganization, and have not become canonical since. The node remembers them when finality has passed them, and when it starts again.",
      answer: forksSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    () => ({ blocks: requireLedger(services).sideBlocks.list().map(sideView) }),
  );
  api.serve(
    {
      id: "getFork",
      method: "GET",
      path: "/v1/forks/{id}",
      tag: "Blocks",
      summary: "A block that is not canonical, and what became of its transactions",
      description: "One of the blocks of `GET /v1/forks`.",
      params: z.object({ id: idParameter }),
      answer: forkSchema,
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "OVERLOADED"],
    },
    async ({ params: { id }, context }) => {
      const ledger = requireLedger(services);
      const { chain, sideBlocks } = ledger;
      const block = sideBlocks.get(toHex(id));
      const kept = block && (await sideBlocks.transactions(id));
      if (!kept) throw blockNotFound(toHex(id));
      const records = await chain.reader.decode(kept);
      const ids = records.map((record) => record.id);
      const lookup = await transactions.find(chain.reader, ids, context.env.outgoing);
      requireRead(lookup);
      return { ...sideView(block), transactions: records.map((record) => fateView(ledger, record, lookup)) };
    },
  );
}

function sideView(block: SideBlock) {
  const { retracted, seenAtMs: seenAt, returned } = block;
  return { ...summaryView(block), retracted, seenAt, returned };
}

/** A transaction of a fork, and where it is now. */
function fateView(ledger: LedgerServices, record: TransactionRecord, { found }: Lookup) {
  const included = found.get(record.idHex);
  if (included) return includedView(ledger, included);
  return { ...transactionView(record), status: fateOf(ledger, record), block: null, index: null };
}

/** The fate of a transaction that is in no canonical block. */
function fateOf(
  { chain, mempool }: LedgerServices,
  { idHex, transaction }: TransactionRecord,
): TransactionFate {
  if (mempool.get(idHex)) return "pending";
  const { from, nonce, validUntil } = transaction.message;
  if ((chain.state.get(from)?.nonce ?? 0) > nonce) return "replaced";
  return validUntil !== 0 && validUntil <= chain.head.height ? "expired" : "dropped";
}
