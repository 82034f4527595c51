import type { Chain } from "../../chain/chain.ts";
import { hasSignedRecently, isInTurn } from "../../consensus/index.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { toHex } from "../../util/bytes.ts";
import { Kept } from "../../util/kept.ts";
import type { Api } from "../operation.ts";
import { proposalBody } from "../proposal-body.ts";
import { requireLedger } from "../require-ledger.ts";
import { authoritiesSchema, turnsSchema } from "../schemas/authorities.ts";
import type { ApiServices } from "../services.ts";
import { countTurns, noTurns, type Turns } from "../turns.ts";
import { subjectView } from "../views.ts";

/** Routes for the set after the head, the turn of the next height, the node's proposals, and evidence. */
export function authorityRoutes(api: Api, services: ApiServices): void {
  const set = new Kept<Awaited<ReturnType<typeof setView>>>();
  const turns = new Kept<Counted>();
  const countedTurns = (chain: Chain) => turns.get(chain.head.idHex, () => countTurns(chain));
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
      dear: true,
    },
    async () => {
      const { chain, proposals } = requireLedger(services);
      // The next block may be imported while turns are counted.
      const { head, snapshot } = chain;
      const evidence = services.listEvidence();
      const { keys, view } = await set.get(head.idHex, async () =>
        setView({ head, snapshot }, await countedTurns(chain)),
      );
      return {
        ...view,
        authorities: view.authorities.map((authority, turn) => ({
          ...authority,
          lastVoteAt: services.lastVoteMs(keys[turn]!) ?? null,
        })),
        proposals: proposals.list().map((proposal) => proposalBody(proposal, chain.snapshot)),
        evidence,
      };
    },
  );
  api.serve(
    {
      id: "getTurns",
      method: "GET",
      path: "/v1/authorities/turns",
      tag: "Authorities",
      summary: "The turns of the newest blocks, by authority",
      description: "The turns that `GET /v1/authorities` counts, by the heights of their blocks.",
      answer: turnsSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async () => {
      const { chain } = requireLedger(services);
      const { snapshot } = chain;
      const { fromHeight, byAuthority } = await countedTurns(chain);
      const authorities = snapshot.authorities.map((authority) => {
        const { made, missed } = byAuthority.get(toHex(authority)) ?? noTurns;
        return { address: encodeAddress(authority), made: [...made], missed: [...missed] };
      });
      return { countedFrom: fromHeight, authorities };
    },
  );
}

function countsOf({ made, missed, lastBlock }: Turns) {
  return { turns: made.length + missed.length, missedTurns: missed.length, lastBlock };
}

type Counted = Awaited<ReturnType<typeof countTurns>>;

/** The view of the set that everybody gets until the head changes. `keys` are the authorities. */
function setView({ head, snapshot }: Pick<Chain, "head" | "snapshot">, { fromHeight, byAuthority }: Counted) {
  const nextHeight = head.height + 1;
  const { authorities: keys, recentSigners, openVotes } = snapshot;
  // Writing an address takes 10 µs, and faulty authorities can have many open votes.
  const addresses = new Map(keys.map((key) => [toHex(key), encodeAddress(key)]));
  const view = {
    head: { height: head.height, id: head.idHex },
    nextHeight,
    countedFrom: fromHeight,
    authorities: keys.map((authority, turn) => ({
      address: addresses.get(toHex(authority))!,
      turn,
      inTurn: isInTurn(snapshot, nextHeight, authority),
      maySign: !hasSignedRecently(snapshot, nextHeight, authority),
      ...countsOf(byAuthority.get(toHex(authority)) ?? noTurns),
    })),
    recentSigners: recentSigners.map(({ height, proposer }) => ({
      height,
      proposer: encodeAddress(proposer),
    })),
    openVotes: openVotes.map(({ voter, vote, height }) => ({
      voter: addresses.get(toHex(voter))!,
      ...subjectView(vote),
      height,
    })),
  };
  return { keys, view };
}
