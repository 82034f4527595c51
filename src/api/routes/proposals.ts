import * as z from "zod";
import { describeIssues } from "../../config/schema.ts";
import { sameAddress, sameSubject } from "../../consensus/index.ts";
import { decodeAddress } from "../../crypto/address.ts";
import { authorityVote, type HeaderVote, parameterNames, parameterVote } from "../../types/index.ts";
import { CodedError } from "../../util/errors.ts";
import { withBody } from "../body.ts";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { danger, type ProposalContext, proposalBody, proposalWarnings } from "../proposal-body.ts";
import { requireLedger } from "../require-ledger.ts";
import { proposalInputSchema, proposalResultSchema } from "../schemas/authorities.ts";
import { addressParameter } from "../schemas/values.ts";
import type { ApiServices, ProposalResultBody, WarningBody } from "../services.ts";
import { Shares } from "../shares.ts";
import { parseJson } from "../transaction-input.ts";
import { mediaType } from "./submit.ts";

/** A proposal has some 100 bytes. */
const maxBodyBytes = 4096;
const maxBodyBytesInFlight = 16 * maxBodyBytes;

/** The name of a parameter or an address. A proposal is identified by it. */
const subjectParameter = z
  .string()
  .transform((text, context): { name: string; vote: HeaderVote } => {
    const parameter = parameterNames.find((name) => name === text);
    if (parameter) return { name: text, vote: parameterVote(parameter, 0n) };
    const address = addressParameter.safeParse(text);
    if (address.success) return { name: text, vote: authorityVote("remove", address.data) };
    context.addIssue({ code: "custom", message: "must be an address or the name of a parameter" });
    return z.NEVER;
  })
  .meta({ description: "The candidate's address, or the name of a parameter." });

/** Proposals of this node, for clients that have its admin token. */
export function proposalRoutes(api: Api, services: ApiServices): void {
  const bodies = new Shares(maxBodyBytesInFlight);
  api.serve(
    {
      id: "propose",
      method: "POST",
      path: "/v1/authorities/proposals",
      tag: "Authorities",
      summary: "Make the node vote for a change",
      description:
        "Proposes to add or remove an authority, or to set a parameter. The proposal is on disk when this is answered. A newer proposal replaces an older one on the same candidate or parameter. The node's blocks vote for it until a finalized block has enacted it. A change by which the chain or this node could come to a halt is refused without `force`.",
      body: { "application/json": proposalInputSchema },
      status: 202,
      answer: proposalResultSchema,
      problems: ["NO_GENESIS", "NOTHING_TO_CHANGE", "TOO_MANY_PROPOSALS", "UNSAFE_PROPOSAL", "WRITE_FAILED"],
      admin: true,
    },
    ({ context }) => {
      const { incoming } = context.env;
      if (mediaType(incoming.headers["content-type"]) !== "application/json") {
        throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", "content-type must be application/json");
      }
      const limits = { maxBytes: maxBodyBytes, shares: bodies, charge: () => undefined };
      return withBody(incoming, limits, (body) => propose(services, parseJson(body)));
    },
  );
  api.serve(
    {
      id: "dropProposal",
      method: "DELETE",
      path: "/v1/authorities/proposals/{subject}",
      tag: "Authorities",
      summary: "Withdraw a proposal",
      description: "A vote that is already in a block stays open, until the next epoch at the latest.",
      params: z.object({ subject: subjectParameter }),
      answer: proposalResultSchema,
      problems: ["NO_GENESIS", "PROPOSAL_NOT_FOUND", "WRITE_FAILED"],
      admin: true,
    },
    async ({ params: { subject } }) => {
      const { chain, proposals } = requireLedger(services);
      const dropped = await proposals.drop(subject.vote);
      if (!dropped) {
        throw new ProblemError("PROPOSAL_NOT_FOUND", `this node has no proposal on ${subject.name}`);
      }
      const voter = decodeAddress(services.status().address);
      const isOpen = chain.snapshot.openVotes.some(
        (open) => sameAddress(open.voter, voter) && sameSubject(open.vote, subject.vote),
      );
      const detail =
        "a block already carries this node's vote: it stays open, until the next epoch at the latest";
      const warnings: WarningBody[] = isOpen ? [{ code: "VOTE_STAYS_OPEN", detail }] : [];
      return { proposal: proposalBody(dropped, chain.snapshot), warnings };
    },
  );
}

async function propose(services: ApiServices, value: unknown): Promise<ProposalResultBody> {
  const { chain, proposals } = requireLedger(services);
  const result = proposalInputSchema.safeParse(value);
  if (!result.success) throw new ProblemError("MALFORMED", describeIssues(result.error));
  const vote = voteOf(result.data);
  const context: ProposalContext = {
    isKnownInSync: (address) => services.isKnownInSync(address),
    mines: services.mines,
    voter: decodeAddress(services.status().address),
    knownRules: services.status().knownRules,
    epochLength: chain.genesis.config.epochLength,
    otherVotes: proposals
      .list()
      .map((other) => other.vote)
      .filter((other) => !sameSubject(other, vote)),
    isSetFinal: proposals.isSetFinal(chain.snapshot),
    balanceOf: (address) => chain.state.get(address)?.balance ?? 0n,
    peersKnow: services.peers().flatMap(({ knownRules }) => knownRules ?? []),
  };
  await proposals.check(vote).catch(asProblem);
  const unsafe = danger({ vote }, chain.snapshot, context);
  if (unsafe !== undefined && !result.data.force) throw new ProblemError("UNSAFE_PROPOSAL", unsafe);
  const proposal = await proposals.propose(vote).catch(asProblem);
  const warnings = proposalWarnings(proposal, chain.snapshot, context);
  return { proposal: proposalBody(proposal, chain.snapshot), warnings };
}

function voteOf(input: z.output<typeof proposalInputSchema>): HeaderVote {
  return input.kind === "set"
    ? parameterVote(input.parameter, input.value)
    : authorityVote(input.kind, input.candidate);
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
