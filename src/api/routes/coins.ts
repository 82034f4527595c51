import * as z from "zod";
import { encodeAddress } from "../../crypto/address.ts";
import { clientAddress } from "../client-address.ts";
import { isLoopback } from "../client-limiter.ts";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import { addressParameter, amountText, idSchema } from "../schemas/values.ts";
import type { ApiServices, CoinGiver } from "../services.ts";

/** Nobody needs coins faster by hand. */
const minPauseMs = 1_000;

/** Gives coins of a development chain to programs and pages on this machine. No other node has this route. */
export function coinRoutes(api: Api, services: ApiServices, coins: CoinGiver): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  api.serve(
    {
      id: "getCoins",
      method: "POST",
      path: "/v1/accounts/{address}/coins",
      tag: "Accounts",
      summary: "Coins of a development chain",
      description:
        "Pays an account that has less than the amount from the development chain's wallet, at most once a second. Only for clients on the node's machine; other chains have no such route.",
      params: z.object({ address: addressParameter }),
      status: 202,
      answer: z.object({ id: idSchema, amount: amountText }),
      problems: ["NO_GENESIS", "NOT_FOUND", "NOTHING_TO_CHANGE", "RATE_LIMITED", "OVERLOADED"],
    },
    async ({ params: { address }, context }) => {
      if (!isLoopback(clientAddress(context.env.incoming)))
        throw new ProblemError("NOT_FOUND", "only clients on the node's machine get coins");
      const { chain } = requireLedger(services);
      const { balance = 0n } = chain.state.get(address) ?? {};
      if (balance >= coins.amount)
        throw new ProblemError("NOTHING_TO_CHANGE", `the account has ${coins.amount} or more already`);
      const nowMs = services.clock.now();
      if (nowMs - lastMs < minPauseMs)
        throw new ProblemError("RATE_LIMITED", "coins were given a moment ago: ask again in a second");
      lastMs = nowMs;
      const id = await coins.give(encodeAddress(address));
      return { id, amount: coins.amount.toString() };
    },
  );
}
