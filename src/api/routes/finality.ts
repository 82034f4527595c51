import type { Hono } from "hono";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { checkQuery, requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";

/** `GET /v1/finality`: the checkpoints, the proof of the finalized one, and the votes of the round. */
export function finalityRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/finality", {
    GET: async (context) => {
      checkQuery(context, []);
      requireLedger(services);
      const finality = await services.finality?.();
      if (finality) return json(finality);
      throw new ProblemError("NOT_READY", "the node is starting", { "retry-after": "1" });
    },
  });
}
