import type { Hono } from "hono";
import { z } from "zod";
import type { Proposals } from "../../chain/proposals.ts";
import { addressSchema, describeIssues } from "../../config/schema.ts";
import { sameAddress } from "../../consensus/index.ts";
import { decodeAddress, encodeAddress } from "../../crypto/address.ts";
import { CodedError } from "../../util/errors.ts";
import { requireAdmin } from "../admin.ts";
import { BodyBudget, withBody } from "../body.ts";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { proposalBody, proposalWarnings } from "../proposal-body.ts";
import { checkQuery, parseAddress, requireLedger } from "../query.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import type { WarningBody } from "../services-consensus.ts";
import { parseJson } from "../transaction-input.ts";
import { mediaType } from "./submit.ts";

/** A proposal has some 100 bytes. */
const maxBodyBytes = 4096;
const maxBodyBytesInFlight = 16 * maxBodyBytes;

const proposalSchema = z.strictObject(
  {
    candidate: addressSchema,
    kind: z.enum(["add", "remove"], { error: "must be add or remove" }),
  },
  {
    error: (issue) =>
      issue.code === "invalid_type" ? "a proposal is an object {candidate, kind}" : undefined,
  },
);

/** Proposals of this node, for whoever has its admin token. */
export function proposalRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  const budget = new BodyBudget(maxBodyBytesInFlight);
  route(app, "/v1/authorities/proposals", {
    POST: (context) => {
      requireAdmin(context, services.adminToken);
      checkQuery(context, []);
      const { incoming } = context.env;
      if (mediaType(incoming.headers["content-type"]) !== "application/json") {
        throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "content-type must be application/json");
      }
      return withBody(incoming, maxBodyBytes, budget, (body) => propose(services, parseJson(body)));
    },
  });
  route(app, "/v1/authorities/proposals/:address", {
    DELETE: async (context) => {
      requireAdmin(context, services.adminToken);
      checkQuery(context, []);
      const candidate = parseAddress(context.req.param("address")!);
      const { chain, proposals } = requireProposals(services);
      const dropped = await proposals.drop(candidate);
      if (!dropped) {
        const detail = `this node has no proposal on ${encodeAddress(candidate)}`;
        throw new ProblemError("PROPOSAL_NOT_FOUND", detail);
      }
      const voter = decodeAddress(services.status().address);
      const isOpen = chain.snapshot.openVotes.some(
        (vote) => sameAddress(vote.voter, voter) && sameAddress(vote.candidate, candidate),
      );
      const detail = "a block carries this node's vote already: it stays open until the next epoch";
      const warnings: WarningBody[] = isOpen ? [{ code: "VOTE_STAYS_OPEN", detail }] : [];
      return json({ proposal: proposalBody(dropped, chain.snapshot), warnings });
    },
  });
}

async function propose(services: ApiServices, value: unknown): Promise<Response> {
  const { chain, proposals } = requireProposals(services);
  const result = proposalSchema.safeParse(value);
  if (!result.success) throw new ProblemError("MALFORMED", describeIssues(result.error));
  const { candidate, kind } = result.data;
  const proposal = await proposals.propose(candidate, kind).catch(asProblem);
  const warnings = proposalWarnings(proposal, chain.snapshot, {
    knownInSync: services.isKnownInSync?.(candidate),
    mines: services.mines !== false,
    voter: decodeAddress(services.status().address),
  });
  return json({ proposal: proposalBody(proposal, chain.snapshot), warnings }, 202);
}

function requireProposals(services: ApiServices): LedgerServices & { proposals: Proposals } {
  const ledger = requireLedger(services);
  const { proposals } = ledger;
  if (proposals) return { ...ledger, proposals };
  throw new ProblemError("NOT_READY", "this node takes no proposals");
}

function asProblem(error: unknown): never {
  if (error instanceof CodedError) {
    const { code, message } = error;
    if (code === "MALFORMED" || code === "NOTHING_TO_CHANGE" || code === "TOO_MANY_PROPOSALS") {
      throw new ProblemError(code, message);
    }
  }
  throw error;
}
