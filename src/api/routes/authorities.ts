import { hasSignedRecently, isInTurn } from "../../consensus/index.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { toHex } from "../../util/bytes.ts";
import type { Api } from "../operation.ts";
import { proposalBody } from "../proposal-body.ts";
import { requireLedger } from "../require-ledger.ts";
import { authoritiesSchema } from "../schemas/authorities.ts";
import type { ApiServices } from "../services.ts";
import { countTurns, noTurns } from "../turns.ts";
import { subjectView } from "../views.ts";

/** Routes for the set after the head, the turn of the next height, the node's proposals, and evidence. */
export function authorityRoutes(api: Api, services: ApiServices): void {
  api.serve(
    {
      id: "getAuthorities",
      method: "GET",
      path: "/v1/authorities",
      tag: "Authorities",
      summary: "Authorities, turns, open votes, proposals and evidence",
      description: "The state after the head. `proposals` and `evidence` are this node's own.",
      answer: authoritiesSchema,
      problems: ["NO_GENESIS"],
    },
    async () => {
      const { chain, proposals } = requireLedger(services);
      const evidence = (await services.listEvidence?.()) ?? [];
      const { fromHeight, byAuthority } = await countTurns(chain);
      const { head, snapshot } = chain;
      const nextHeight = head.height + 1;
      const { authorities, recentSigners, openVotes } = snapshot;
      return {
        head: { height: head.height, id: head.idHex },
        nextHeight,
        countedFrom: fromHeight,
        authorities: authorities.map((authority, turn) => ({
          address: encodeAddress(authority),
          turn,
          inTurn: isInTurn(snapshot, nextHeight, authority),
          maySign: !hasSignedRecently(snapshot, nextHeight, authority),
          ...(byAuthority.get(toHex(authority)) ?? noTurns),
          lastVoteAt: services.lastVoteMs?.(authority) ?? null,
        })),
        recentSigners: recentSigners.map(({ height, proposer }) => ({
          height,
          proposer: encodeAddress(proposer),
        })),
        openVotes: openVotes.map(({ voter, vote, height }) => ({
          voter: encodeAddress(voter),
          ...subjectView(vote),
          height,
        })),
        proposals: (proposals?.list() ?? []).map((proposal) => proposalBody(proposal, snapshot)),
        evidence,
      };
    },
  );
}
