import type { Hono } from "hono";
import { type ApiEnv, json, route } from "../http.ts";
import { commonHeaders, ProblemError } from "../problem.ts";
import { requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";

/** What the node says of itself. */
export function nodeRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/", {
    GET: () => json({ name: "ccoin", version: services.status().version, status: "/v1/status" }),
  });
  route(app, "/v1/status", { GET: () => json(services.status()) });
  route(app, "/v1/peers", { GET: () => json({ peers: services.peers() }) });
  route(app, "/health/live", {
    GET: () => {
      const failure = services.diagnosis?.().findings.find(({ code }) => code === "WRITE_FAILED");
      if (failure) throw new ProblemError("WRITE_FAILED", failure.detail);
      return json({ status: "live" });
    },
  });
  route(app, "/health/ready", {
    GET: () => {
      requireLedger(services);
      const { mode } = services.status();
      if (mode !== "ready")
        throw new ProblemError("NOT_READY", `the node is in mode ${mode}: see /v1/status`);
      const { state, summary } = services.diagnosis?.() ?? { state: "ok", summary: "" };
      // Late is not stale.
      if (state === "ok" || state === "waiting") return json({ status: "ready" });
      throw new ProblemError("NOT_READY", `${state}: ${summary}`);
    },
  });
  route(app, "/metrics", {
    GET: async () => {
      const { metrics } = services;
      if (!metrics) throw new ProblemError("NOT_READY", "the node is starting", { "retry-after": "1" });
      return new Response(await metrics.text(), {
        headers: { ...commonHeaders, "content-type": metrics.contentType },
      });
    },
  });
}
