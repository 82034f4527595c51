import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import * as z from "zod";
import type { HistoryRow } from "../../chain/history-reader.ts";
import { encodeAddress } from "../../crypto/address.ts";
import type { TransactionPlace } from "../../storage/places.ts";
import { equalBytes } from "../../util/bytes.ts";
import { type AccountHistory, beginningAfter, endingBefore, type HistoryQuery } from "../account-history.ts";
import { csvHead, csvLines } from "../history-csv.ts";
import { directions, historyMatch, placesOf } from "../history-filter.ts";
import { json } from "../http.ts";
import type { HttpLimits } from "../limits.ts";
import type { Api } from "../operation.ts";
import { commonHeaders, ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import { historyQuery, historySchema } from "../schemas/accounts.ts";
import { addressParameter } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { ReadPace } from "../slow-readers.ts";
import { nameOf } from "../views.ts";
import { placedView } from "./transactions.ts";

const csvHeaders = { ...commonHeaders, "content-type": "text/csv; charset=utf-8; header=present" } as const;

/** The transactions that accounts sent and received. */
export function historyRoutes(
  api: Api,
  services: ApiServices,
  histories: AccountHistory,
  limits: Pick<HttpLimits, "leastReadBytesPerSecond">,
): void {
  api.serveResponse(
    {
      id: "listAccountTransactions",
      method: "GET",
      path: "/v1/accounts/{address}/transactions",
      tag: "Accounts",
      summary: "Transactions that an account sent or received, newest first",
      description:
        "Only transactions in blocks. Send `next` as `before` for older ones, and `previous` as `after` for newer ones. A page of a filter that few transactions pass may be shorter than `limit`, even empty: `next` goes on from there. `text/csv` has all transactions that pass, the oldest first.",
      params: z.object({ address: addressParameter }),
      query: historyQuery,
      headers: z.object({ accept: z.string().optional().describe("`text/csv` for a table.") }),
      answer: historySchema,
      otherAnswers: { "text/csv": z.string().describe("A line for each transaction (RFC 4180).") },
      problems: ["NO_GENESIS", "OVERLOADED"],
    },
    async ({ params: { address }, query, headers: { accept }, context }) => {
      const ledger = requireLedger(services);
      const { incoming, outgoing } = context.env;
      const { before, after, limit, format, ...filter } = query;
      if (before && after) throw new ProblemError("MALFORMED", "before and after exclude each other");
      const { state, history } = ledger.chain;
      const indexOf = (of: Uint8Array) => state.indexOf(of);
      const account = { index: indexOf(address), address };
      const match = historyMatch(filter, account, indexOf);
      const heightAt = (time: number) => histories.inTurn(outgoing, () => history.heightAt(time));
      const range = await placesOf(heightAt, filter);
      if (format === "csv" || (format === undefined && isCsv(accept))) {
        const name = `attachment; filename="${context.req.param("address")}.csv"`;
        const fileHeaders = { ...csvHeaders, "content-disposition": name };
        if (incoming.method === "HEAD") return new Response(null, { headers: fileHeaders });
        await sendCsv(
          ledger,
          histories,
          { account, range, match, newestFirst: false },
          { outgoing, headers: fileHeaders, pace: new ReadPace(services.clock, limits) },
        );
        return RESPONSE_ALREADY_SENT;
      }
      const newestFirst = after === undefined;
      const part = before ? endingBefore(range, before) : after ? beginningAfter(range, after) : range;
      const page =
        account.index < 0
          ? { rows: [], last: undefined }
          : await histories.page(history, { account, range: part, match, newestFirst, limit }, outgoing);
      const rows = newestFirst ? page.rows : page.rows.toReversed();
      const own = encodeAddress(address);
      const addressText = (of: Uint8Array) => (equalBytes(of, address) ? own : encodeAddress(of));
      // The next pages begin at the place where this one ended, and where it began.
      const oldest = newestFirst ? page.last : (rows.at(-1)?.entry ?? after);
      const newest = newestFirst ? before && (rows[0]?.entry ?? placeBefore(before)) : page.last;
      return json({
        transactions: rows.map((row) => rowView(ledger, row, addressText)),
        totals: totalsOf(rows),
        next: oldest ? cursor(oldest) : null,
        previous: newest ? cursor(newest) : null,
      });
    },
  );
}

/** True if a header `accept` names tables and not JSON. */
function isCsv(accept = ""): boolean {
  return accept.includes("text/csv") && !accept.includes("application/json");
}

function rowView(
  ledger: LedgerServices,
  { entry, record, block }: HistoryRow,
  addressText: (address: Uint8Array) => string,
) {
  return {
    ...placedView(ledger, { record, block, index: entry.index }, addressText),
    direction: directions[entry.kind],
    balance: entry.balance.toString(),
  };
}

function totalsOf(rows: readonly HistoryRow[]) {
  const sum = (kind: string, of: "amount" | "fee") =>
    rows.reduce((total, { entry }) => (kind === "" || entry.kind === kind ? total + entry[of] : total), 0n);
  return {
    received: sum("received", "amount").toString(),
    sent: sum("sent", "amount").toString(),
    fees: sum("", "fee").toString(),
  };
}

function cursor({ height, index }: TransactionPlace): string {
  return `${height}-${index}`;
}

/** A place after which `place` is the first one. */
function placeBefore({ height, index }: TransactionPlace): TransactionPlace {
  return index > 0 ? { height, index: index - 1 } : { height: Math.max(0, height - 1), index: 2 ** 16 };
}

interface CsvAnswer {
  outgoing: ServerResponse;
  headers: Readonly<Record<string, string>>;
  pace: ReadPace;
}

/**
 * Sends a table as it is read, as fast as it is taken. A table that cannot be completed is cut off, so that nobody
 * takes it for complete.
 */
async function sendCsv(
  { chain }: LedgerServices,
  histories: AccountHistory,
  query: HistoryQuery,
  { outgoing, headers, pace }: CsvAnswer,
): Promise<void> {
  const { config } = chain.genesis;
  const described = {
    decimals: config.decimals,
    nameOf: (address: Uint8Array) => nameOf(config, address),
  };
  try {
    const parts = query.account.index < 0 ? [] : histories.all(chain.history, query, outgoing);
    let hasBegun = false;
    for await (const rows of parts) {
      if (!hasBegun) outgoing.writeHead(200, headers).write(csvHead);
      hasBegun = true;
      const text = csvLines(rows, { ...described, finalizedHeight: chain.finalized.height });
      if (text !== "" && !outgoing.write(text)) await pace.drained(outgoing);
    }
    if (!hasBegun) outgoing.writeHead(200, headers).write(csvHead);
    outgoing.end();
  } catch (error) {
    if (!outgoing.headersSent) throw error;
    outgoing.destroy();
  }
}
