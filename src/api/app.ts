import type { ServerResponse } from "node:http";
import { Hono } from "hono";
import { AccountHistory } from "./account-history.ts";
import type { ClientLimiter } from "./client-limiter.ts";
import type { DearReads } from "./dear-reads.ts";
import type { EventHub } from "./event-hub.ts";
import { type ApiEnv, jsonText } from "./http.ts";
import type { HttpLimits } from "./limits.ts";
import { Api } from "./operation.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { authorityRoutes } from "./routes/authorities.ts";
import { blockRoutes } from "./routes/blocks.ts";
import { chronicleRoutes } from "./routes/chronicle.ts";
import { coinRoutes } from "./routes/coins.ts";
import { eventRoutes } from "./routes/events.ts";
import { explorerRoutes } from "./routes/explorer.ts";
import { finalityRoutes } from "./routes/finality.ts";
import { forkRoutes } from "./routes/forks.ts";
import { historyRoutes } from "./routes/history.ts";
import { nodeRoutes } from "./routes/node.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { proofRoutes } from "./routes/proofs.ts";
import { proposalRoutes } from "./routes/proposals.ts";
import { type Submit, submitHandler } from "./routes/submit.ts";
import { transactionRoutes } from "./routes/transactions.ts";
import { submitOperation } from "./schemas/submit.ts";
import type { ApiServices } from "./services.ts";
import { TransactionReads } from "./transaction-reads.ts";
import { WholeBlocks } from "./whole-blocks.ts";

/** All routes (docs/http.md), and the handler of `submitOperation`, which is used most. */
export function createApp(
  services: ApiServices,
  limits: HttpLimits,
  hub: EventHub,
  { limiter, reads }: { limiter: ClientLimiter; reads: DearReads },
): { app: Hono<ApiEnv>; submit: Submit } {
  const app = new Hono<ApiEnv>();
  const { clock } = services;
  const api = new Api(app, services, reads);
  const transactions = new TransactionReads(reads, limiter);
  const submit = submitHandler(services, limits, { limiter, reads, transactions });
  api.serveResponse(submitOperation, async ({ context: { env } }) =>
    jsonText(await submit(env.incoming, env.outgoing as ServerResponse), submitOperation.status),
  );
  nodeRoutes(api, services);
  const wholeBlocks = new WholeBlocks(limits.maxBlockBytesAtOnce, { limiter, reads, clock });
  blockRoutes(api, services, wholeBlocks);
  forkRoutes(api, services, transactions);
  chronicleRoutes(api, services);
  transactionRoutes(api, services, transactions);
  const histories = new AccountHistory(reads, limiter);
  accountRoutes(api, services, histories);
  historyRoutes(api, services, histories, limits);
  if (services.coins) coinRoutes(api, services, services.coins);
  proofRoutes(api, services, wholeBlocks);
  authorityRoutes(api, services);
  proposalRoutes(api, services);
  finalityRoutes(api, services);
  eventRoutes(api, hub);
  openApiRoutes(app, api.operations);
  explorerRoutes(app);
  app.notFound(({ req }) => problemResponse("NOT_FOUND", `there is nothing at ${req.path}`));
  app.onError((error, { req }) => problemOf(error, services.logger, `${req.method} ${req.path} failed`));
  return { app, submit };
}
