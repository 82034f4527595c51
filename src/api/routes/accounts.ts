import * as z from "zod";
import type { Chain } from "../../chain/chain.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { toHex } from "../../util/bytes.ts";
import type { AccountHistory } from "../account-history.ts";
import { blockNotFound } from "../block-name.ts";
import type { Api } from "../operation.ts";
import { requireLedger } from "../require-ledger.ts";
import { accountSchema, atQuery, pastAccountSchema } from "../schemas/accounts.ts";
import { addressParameter } from "../schemas/values.ts";
import type { ApiServices } from "../services.ts";
import { nameOf } from "../views.ts";

export function accountRoutes(api: Api, services: ApiServices, histories: AccountHistory): void {
  api.serve(
    {
      id: "getAccount",
      method: "GET",
      path: "/v1/accounts/{address}",
      tag: "Accounts",
      summary: "Balance and nonces",
      description:
        "The account after the head; `pendingNonce` is the nonce of its next transaction. With `at`, its balance after an earlier block.",
      params: z.object({ address: addressParameter }),
      query: z.strictObject({
        at: atQuery
          .optional()
          .describe(
            "A height, or a time (ISO 8601): then that of the last block until then. A date is its midnight in UTC.",
          ),
      }),
      answer: z.union([accountSchema, pastAccountSchema]),
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "OVERLOADED"],
    },
    async ({ params: { address }, query: { at }, context }) => {
      const { chain, mempool } = requireLedger(services);
      const name = nameOf(chain.genesis.config, address);
      const named = { address: encodeAddress(address), ...(name !== undefined && { name }) };
      if (at) {
        const past = await histories.inTurn(context.env.outgoing, () => pastBalance(chain, address, at));
        return { ...named, ...past };
      }
      const { balance, nonce } = chain.state.get(address) ?? { balance: 0n, nonce: 0 };
      const pendingNonce = mempool.pendingNonce(address);
      return { ...named, balance: balance.toString(), nonce, pendingNonce };
    },
  );
}

/** @throws {ProblemError} `BLOCK_NOT_FOUND` */
async function pastBalance(
  { history, state }: Chain,
  address: Uint8Array,
  at: { height: number } | { time: number },
) {
  const height = "height" in at ? at.height : await history.heightAt(at.time);
  const block = await history.block(height);
  if (!block) throw blockNotFound("height" in at ? `${height}` : "that is as old");
  const account = state.indexOf(address);
  const balance = account < 0 ? 0n : ((await history.balanceAt(account, height)) ?? state.balance(account));
  return {
    balance: balance.toString(),
    block: { height, id: toHex(block.id), timestamp: block.timestamp },
  };
}
