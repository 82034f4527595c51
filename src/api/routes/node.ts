import { z } from "zod";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../query.ts";
import { diagnosisSchema, peerSchema, statusSchema } from "../schemas/node.ts";
import type { ApiServices } from "../services.ts";

/** What the node says of itself. */
export function nodeRoutes(api: Api, services: ApiServices): void {
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
      id: "listPeers",
      method: "GET",
      path: "/v1/peers",
      tag: "Node",
      summary: "Connected peers",
      description: "Those that this node is connected to now.",
      answer: z.object({ peers: z.array(peerSchema) }),
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
      problems: ["NOT_READY"],
    },
    () => {
      const diagnosis = services.diagnosis?.();
      if (diagnosis) return diagnosis;
      throw new ProblemError("NOT_READY", "the node is starting", { "retry-after": "1" });
    },
  );
  api.serve(
    {
      id: "getLive",
      method: "GET",
      path: "/health/live",
      tag: "Node",
      summary: "Whether the process answers",
      description: "For a supervisor.",
      answer: z.object({ status: z.literal("live") }),
    },
    () => ({ status: "live" as const }),
  );
  api.serve(
    {
      id: "getReady",
      method: "GET",
      path: "/health/ready",
      tag: "Node",
      summary: "Whether the node is in step with its peers",
      description: "For a load balancer: 200 in mode `ready` only.",
      answer: z.object({ status: z.literal("ready") }),
      problems: ["NO_GENESIS", "NOT_READY"],
    },
    () => {
      requireLedger(services);
      const { mode } = services.status();
      if (mode === "ready") return { status: "ready" as const };
      throw new ProblemError("NOT_READY", `the node is in mode ${mode}: see /v1/status`);
    },
  );
}
