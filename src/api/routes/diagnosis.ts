import type { Hono } from "hono";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { checkQuery } from "../query.ts";
import type { ApiServices } from "../services.ts";

/** `GET /v1/diagnosis`: what the node waits for, and what can be done; also before there is a chain. */
export function diagnosisRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/diagnosis", {
    GET: (context) => {
      checkQuery(context, []);
      const diagnosis = services.diagnosis?.();
      if (diagnosis) return json(diagnosis);
      throw new ProblemError("NOT_READY", "the node is starting", { "retry-after": "1" });
    },
  });
}
