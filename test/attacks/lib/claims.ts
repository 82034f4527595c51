import { type ChainStatus, height } from "../../../protocols/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { frame, type Rogue } from "../../e2e/harness/rogue.ts";
import { ofFirstRules } from "../../own-line.ts";
import type { Site } from "./site.ts";
import { bytes32 } from "./wire.ts";

/** The head of the honest chain, which any peer can request. */
export interface View {
  height: number;
  head: Uint8Array;
  finalizedHeight: number;
  finalized: Uint8Array;
  /** Claims of lower rounds are not looked into. */
  justifiedRound: number;
}

/** Keeps a view of the chain up to date until the attack ends. */
export async function watchChain(site: Site): Promise<View> {
  const view: View = {
    height: 0,
    head: bytes32(),
    finalizedHeight: 0,
    finalized: bytes32(),
    justifiedRound: 0,
  };
  const look = async () => {
    const [{ head, finalized }, { justified }] = await Promise.all([site.status(), site.finality()]);
    if (!head || !finalized) return;
    Object.assign(view, {
      height: head.height,
      head: fromHex(head.id),
      finalizedHeight: finalized.height,
      finalized: fromHex(finalized.id),
      justifiedRound: justified.round,
    });
  };
  await look().catch(() => undefined);
  void site.repeat(2, () => look().catch(() => undefined));
  return view;
}

/** Encodes the status of a node with this view, in which the claims take the place of what is so. */
export function statusOf(view: View, genesisId: string, claims: Partial<ChainStatus> = {}): Uint8Array {
  return height.response.serialize({
    ...ofFirstRules(fromHex(genesisId)),
    height: view.height,
    headId: view.head,
    totalDifficulty: 2 * view.height,
    justifiedRound: view.justifiedRound,
    finalizedHeight: view.finalizedHeight,
    finalizedId: view.finalized,
    timeMs: Date.now(),
    ...claims,
  });
}

/** Requests the node's status, and sends this one as its own. */
export async function tell(site: Site, rogue: Rogue, status: Uint8Array): Promise<void> {
  const question = height.request.serialize({ timeMs: Date.now() });
  const bytes = Buffer.concat([frame(question), frame(status)]);
  const answer = await Promise.race([rogue.send(height.id, bytes, { close: false }), site.pause(3_000)]);
  if (answer?.reset === false) site.count("claims");
}
