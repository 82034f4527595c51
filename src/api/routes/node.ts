import * as z from "zod";
import { recoveryFile } from "../../config/index.ts";
import { keptFor } from "../../util/kept.ts";
import type { Api } from "../operation.ts";
import { commonHeaders, ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import { diagnosisSchema, peerSchema, recoveriesSchema, statusSchema } from "../schemas/node.ts";
import type { ApiServices } from "../services.ts";

/** Each scrape looks at every file of the database. */
const metricsKeptMs = 1_000;

/** Routes about the node itself. */
export function nodeRoutes(api: Api, services: ApiServices): void {
  const metricsText = keptFor(services.clock, metricsKeptMs, () => services.metrics.text());
  api.serve(
    {
      id: "getStatus",
      method: "GET",
      path: "/v1/status",
      tag: "Node",
      summary: "Mode, chain, head, finalized block, peers, mempool",
      description: "Also before the node has a chain.",
      answer: statusSchema,
    },
    () => services.status(),
  );
  api.serve(
    {
      id: "getRecoveries",
      method: "GET",
      path: "/v1/recoveries",
      tag: "Node",
      summary: "The recoveries that the chain has gone through",
      description:
        "The file that `ccoin start --recovery=<file>` takes. That the node serves it proves nothing: compare the id with its operators.",
      answer: recoveriesSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    () => {
      const { genesis, tree } = requireLedger(services).chain;
      return recoveryFile(genesis.id, tree.recoveries.all);
    },
  );
  api.serve(
    {
      id: "listPeers",
      method: "GET",
      path: "/v1/peers",
      tag: "Node",
      summary: "Connected peers",
      description: "The peers that this node is connected to now.",
      answer: z.object({ peers: z.array(peerSchema) }),
      dear: true,
    },
    () => ({ peers: services.peers() }),
  );
  api.serve(
    {
      id: "getDiagnosis",
      method: "GET",
      path: "/v1/diagnosis",
      tag: "Node",
      summary: "What the node waits for, and what to do",
      description: "Also before the node has a chain. docs/operating.md explains each finding.",
      answer: diagnosisSchema,
    },
    () => services.diagnosis(),
  );
  api.serve(
    {
      id: "getLive",
      method: "GET",
      path: "/health/live",
      tag: "Node",
      summary: "Liveness check",
      description: "For a supervisor: 200 if the process answers and can write to its disk.",
      answer: z.object({ status: z.literal("live") }),
      problems: ["WRITE_FAILED"],
    },
    () => {
      const failure = services.diagnosis().findings.find(({ code }) => code === "WRITE_FAILED");
      if (failure) throw new ProblemError("WRITE_FAILED", failure.detail);
      return { status: "live" as const };
    },
  );
  api.serve(
    {
      id: "getReady",
      method: "GET",
      path: "/health/ready",
      tag: "Node",
      summary: "Readiness check",
      description: "For a load balancer: 200 in mode `ready` with a head that is not stale.",
      answer: z.object({ status: z.literal("ready") }),
      problems: ["NO_GENESIS", "NOT_READY"],
    },
    () => {
      requireLedger(services);
      const { mode } = services.status();
      const { state, summary } = services.diagnosis();
      if (mode !== "ready" && state !== "halted")
        throw new ProblemError("NOT_READY", `the node is in mode ${mode}: see /v1/status`);
      // A head that is late is not stale.
      if (state === "ok" || state === "waiting") return { status: "ready" as const };
      throw new ProblemError("NOT_READY", `${state}: ${summary}`);
    },
  );
  api.serveResponse(
    {
      id: "getMetrics",
      method: "GET",
      path: "/metrics",
      tag: "Node",
      summary: "Metrics for Prometheus",
      description: "Prometheus's text format. docs/metrics.md lists the metrics.",
      answer: z.string(),
      mediaType: "text/plain",
    },
    async () => {
      return new Response(await metricsText(), {
        headers: { ...commonHeaders, "content-type": services.metrics.contentType },
      });
    },
  );
}
