import type { Hono } from "hono";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";

/** What the node says of itself. */
export function nodeRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/status", { GET: () => json(services.status()) });
  route(app, "/v1/peers", { GET: () => json({ peers: services.peers() }) });
  route(app, "/health/live", { GET: () => json({ status: "live" }) });
  route(app, "/health/ready", {
    GET: () => {
      requireLedger(services);
      const { mode } = services.status();
      if (mode === "ready") return json({ status: "ready" });
      throw new ProblemError("NOT_READY", `the node is in mode ${mode}: see /v1/status`);
    },
  });
}
