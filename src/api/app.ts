import { Hono } from "hono";
import type { EventHub } from "./event-hub.ts";
import { type ApiEnv, route } from "./http.ts";
import type { HttpLimits } from "./limits.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { authorityRoutes } from "./routes/authorities.ts";
import { blockRoutes } from "./routes/blocks.ts";
import { diagnosisRoutes } from "./routes/diagnosis.ts";
import { eventRoutes } from "./routes/events.ts";
import { finalityRoutes } from "./routes/finality.ts";
import { nodeRoutes } from "./routes/node.ts";
import { proofRoutes } from "./routes/proofs.ts";
import { proposalRoutes } from "./routes/proposals.ts";
import { submitHandler } from "./routes/submit.ts";
import { transactionRoutes } from "./routes/transactions.ts";
import type { ApiServices } from "./services.ts";

/** All routes (docs/http.md). */
export function createApp(services: ApiServices, limits: HttpLimits, hub: EventHub): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  route(app, "/v1/transactions", { POST: submitHandler(services, limits) });
  nodeRoutes(app, services);
  blockRoutes(app, services);
  transactionRoutes(app, services);
  accountRoutes(app, services);
  proofRoutes(app, services);
  authorityRoutes(app, services);
  proposalRoutes(app, services);
  finalityRoutes(app, services);
  diagnosisRoutes(app, services);
  eventRoutes(app, hub);
  app.notFound(({ req }) => problemResponse("NOT_FOUND", `there is nothing at ${req.path}`));
  app.onError((error, { req }) => problemOf(error, services.logger, `${req.method} ${req.path} failed`));
  return app;
}
