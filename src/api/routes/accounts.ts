import { z } from "zod";
import { encodeAddress } from "../../crypto/address.ts";
import type { Transfer } from "../../types/index.ts";
import { equalBytes } from "../../util/bytes.ts";
import type { AccountHistory } from "../account-history.ts";
import type { Api } from "../operation.ts";
import { parseCount } from "../query.ts";
import { requireLedger } from "../require-ledger.ts";
import { accountSchema, historySchema } from "../schemas/accounts.ts";
import { addressParameter, countQuery } from "../schemas/values.ts";
import type { ApiServices } from "../services.ts";
import { nameOf } from "../views.ts";
import { includedView } from "./transactions.ts";

/** `<height>-<index>`: a place in the chain. */
const cursorSchema = z.string().transform((text, context) => {
  const [height, index, ...rest] = text.split("-").map(parseCount);
  if (height !== undefined && index !== undefined && index < 2 ** 32 && rest.length === 0)
    return { height, index };
  context.addIssue({ code: "custom", message: "must be the `next` of an earlier answer, such as 120-3" });
  return z.NEVER;
});

export function accountRoutes(api: Api, services: ApiServices, histories: AccountHistory): void {
  api.serve(
    {
      id: "getAccount",
      method: "GET",
      path: "/v1/accounts/{address}",
      tag: "Accounts",
      summary: "Balance and nonces",
      description: "The account after the head; `pendingNonce` is the nonce of its next transaction.",
      params: z.object({ address: addressParameter }),
      answer: accountSchema,
      problems: ["NO_GENESIS"],
    },
    ({ params: { address } }) => {
      const { chain, mempool } = requireLedger(services);
      const { balance, nonce } = chain.state.get(address) ?? { balance: 0n, nonce: 0 };
      const name = nameOf(chain.genesis.config, address);
      return {
        address: encodeAddress(address),
        balance: balance.toString(),
        nonce,
        pendingNonce: mempool.pendingNonce(address),
        ...(name !== undefined && { name }),
      };
    },
  );
  api.serve(
    {
      id: "listAccountTransactions",
      method: "GET",
      path: "/v1/accounts/{address}/transactions",
      tag: "Accounts",
      summary: "Transactions that an account sent or received, newest first",
      description:
        "Only transactions in blocks. Send `next` as `before` for the next page. A page of transactions in large blocks may be shorter than `limit`.",
      params: z.object({ address: addressParameter }),
      query: z.strictObject({
        before: cursorSchema.optional().describe("The `next` of an earlier answer: `<height>-<index>`."),
        limit: countQuery(1, 100).default(20).describe("The largest number of results."),
      }),
      answer: historySchema,
      problems: ["NO_GENESIS", "OVERLOADED"],
    },
    async ({ params: { address }, query: { before, limit }, context }) => {
      const ledger = requireLedger(services);
      const { reader, state } = ledger.chain;
      const account = state.indexOf(address);
      // A reorganization between two reads may have given the place to another transaction.
      const isOfAccount = ({ from, to }: Transfer) => equalBytes(from, address) || equalBytes(to, address);
      const { found: transactions, last } =
        account < 0
          ? { found: [], last: undefined }
          : await histories.read(reader, { account, before, limit }, context.env.outgoing, (included) =>
              isOfAccount(included.record.transaction.message) ? [includedView(ledger, included)] : [],
            );
      return { transactions, next: last ? `${last.height}-${last.index}` : null };
    },
  );
}
