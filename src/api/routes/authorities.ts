import type { Hono } from "hono";
import { hasSignedRecently, isInTurn } from "../../consensus/index.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { toHex } from "../../util/bytes.ts";
import { type ApiEnv, json, route } from "../http.ts";
import { proposalBody } from "../proposal-body.ts";
import { checkQuery, requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";
import { countTurns, noTurns } from "../turns.ts";
import { voteKindName } from "../views.ts";

/** `GET /v1/authorities`: the set after the head, the turn of the next height, the node's proposals, evidence of faults. */
export function authorityRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/authorities", {
    GET: async (context) => {
      checkQuery(context, []);
      const { chain, proposals } = requireLedger(services);
      const evidence = (await services.listEvidence?.()) ?? [];
      const { fromHeight, byAuthority } = await countTurns(chain);
      const { head, snapshot } = chain;
      const nextHeight = head.height + 1;
      const { authorities, recentSigners, openVotes } = snapshot;
      return json({
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
        openVotes: openVotes.map(({ voter, candidate, kind, height }) => ({
          voter: encodeAddress(voter),
          candidate: encodeAddress(candidate),
          kind: voteKindName(kind),
          height,
        })),
        proposals: (proposals?.list() ?? []).map((proposal) => proposalBody(proposal, snapshot)),
        evidence,
      });
    },
  });
}
