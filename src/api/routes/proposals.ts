import { z } from "zod";
import type { Proposals } from "../../chain/proposals.ts";
import { describeIssues } from "../../config/schema.ts";
import { sameAddress } from "../../consensus/index.ts";
import { decodeAddress, encodeAddress } from "../../crypto/address.ts";
import { CodedError } from "../../util/errors.ts";
import { withBody } from "../body.ts";
import { ByteBudget } from "../byte-budget.ts";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { proposalBody, proposalWarnings } from "../proposal-body.ts";
import { requireLedger } from "../query.ts";
import { proposalInputSchema, proposalResultSchema } from "../schemas/authorities.ts";
import { addressParameter } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import type { ProposalResultBody, WarningBody } from "../services-consensus.ts";
import { parseJson } from "../transaction-input.ts";
import { mediaType } from "./submit.ts";

/** A proposal has some 100 bytes. */
const maxBodyBytes = 4096;
const maxBodyBytesInFlight = 16 * maxBodyBytes;

/** Proposals of this node, for whoever has its admin token. */
export function proposalRoutes(api: Api, services: ApiServices): void {
  const budget = new ByteBudget(maxBodyBytesInFlight);
  api.serve(
    {
      id: "propose",
      method: "POST",
      path: "/v1/authorities/proposals",
      tag: "Authorities",
      summary: "Has the node vote an authority in or out",
      description:
        "It is on disk when this is answered; there is one a candidate, the newer replaces the older. The node's blocks vote for it until a finalized block has enacted it.",
      body: { "application/json": proposalInputSchema },
      status: 202,
      answer: proposalResultSchema,
      problems: ["NO_GENESIS", "NOT_READY", "NOTHING_TO_CHANGE", "TOO_MANY_PROPOSALS", "WRITE_FAILED"],
      admin: true,
    },
    ({ context }) => {
      const { incoming } = context.env;
      if (mediaType(incoming.headers["content-type"]) !== "application/json") {
        throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "content-type must be application/json");
      }
      return withBody(incoming, maxBodyBytes, budget, (body) => propose(services, parseJson(body)));
    },
  );
  api.serve(
    {
      id: "dropProposal",
      method: "DELETE",
      path: "/v1/authorities/proposals/{address}",
      tag: "Authorities",
      summary: "Takes a proposal back",
      description: "A vote that is in a block already stays open until the next epoch.",
      params: z.object({ address: addressParameter }),
      answer: proposalResultSchema,
      problems: ["NO_GENESIS", "NOT_READY", "PROPOSAL_NOT_FOUND", "WRITE_FAILED"],
      admin: true,
    },
    async ({ params: { address } }) => {
      const { chain, proposals } = requireProposals(services);
      const dropped = await proposals.drop(address);
      if (!dropped) {
        const detail = `this node has no proposal on ${encodeAddress(address)}`;
        throw new ProblemError("PROPOSAL_NOT_FOUND", detail);
      }
      const voter = decodeAddress(services.status().address);
      const isOpen = chain.snapshot.openVotes.some(
        (vote) => sameAddress(vote.voter, voter) && sameAddress(vote.candidate, address),
      );
      const detail = "a block carries this node's vote already: it stays open until the next epoch";
      const warnings: WarningBody[] = isOpen ? [{ code: "VOTE_STAYS_OPEN", detail }] : [];
      return { proposal: proposalBody(dropped, chain.snapshot), warnings };
    },
  );
}

async function propose(services: ApiServices, value: unknown): Promise<ProposalResultBody> {
  const { chain, proposals } = requireProposals(services);
  const result = proposalInputSchema.safeParse(value);
  if (!result.success) throw new ProblemError("MALFORMED", describeIssues(result.error));
  const { candidate, kind } = result.data;
  const proposal = await proposals.propose(candidate, kind).catch(asProblem);
  const warnings = proposalWarnings(proposal, chain.snapshot, {
    knownInSync: services.isKnownInSync?.(candidate),
    mines: services.mines !== false,
    voter: decodeAddress(services.status().address),
  });
  return { proposal: proposalBody(proposal, chain.snapshot), warnings };
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
