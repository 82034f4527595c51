import type { Hono } from "hono";
import { encodeAddress } from "../../crypto/address.ts";
import { equalBytes } from "../../util/bytes.ts";
import { type ApiContext, type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { checkQuery, numberQuery, parseAddress, parseCount, requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";
import { includedView } from "./transactions.ts";

const maxPage = 100;
const defaultPage = 20;

export function accountRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/accounts/:address", {
    GET: (context) => {
      checkQuery(context, []);
      const publicKey = parseAddress(context.req.param("address")!);
      const { chain, mempool } = requireLedger(services);
      // An account that no transaction has named yet is empty.
      const { balance, nonce } = chain.state.get(publicKey) ?? { balance: 0n, nonce: 0 };
      return json({
        address: encodeAddress(publicKey),
        balance: balance.toString(),
        nonce,
        pendingNonce: mempool.pendingNonce(publicKey),
      });
    },
  });
  route(app, "/v1/accounts/:address/transactions", {
    GET: async (context) => {
      checkQuery(context, ["limit", "before"]);
      const publicKey = parseAddress(context.req.param("address")!);
      const limit = numberQuery(context, "limit", { min: 1, max: maxPage, fallback: defaultPage });
      const before = parseCursor(context);
      const ledger = requireLedger(services);
      const { reader, state } = ledger.chain;
      const account = state.indexOf(publicKey);
      const places = account < 0 ? [] : await reader.history(account, before, limit);
      const found = await Promise.all(places.map((place) => reader.transactionAt(place)));
      const transactions = found
        .filter((included) => included !== undefined)
        // A reorganization between two reads may have given the place to another transaction.
        .filter(({ record: { transaction } }) => {
          const { from, to } = transaction.message;
          return equalBytes(from, publicKey) || equalBytes(to, publicKey);
        })
        .map((included) => includedView(ledger, included));
      const last = places.length === limit ? places.at(-1) : undefined;
      return json({ transactions, next: last ? `${last.height}-${last.index}` : null });
    },
  });
}

/** `before=<height>-<index>`. @throws {ProblemError} `MALFORMED` */
function parseCursor(context: ApiContext): { height: number; index: number } | undefined {
  const text = context.req.query("before");
  if (text === undefined) return undefined;
  const [height, index, ...rest] = text.split("-").map(parseCount);
  if (height !== undefined && index !== undefined && index < 2 ** 32 && rest.length === 0)
    return { height, index };
  throw new ProblemError("MALFORMED", "before: must be the next of an earlier answer, as 120-3");
}
