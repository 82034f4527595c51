import { checkRecoveries, recoveryId } from "../consensus/index.ts";
import { ProposalStore } from "../storage/proposals.ts";
import type { Recovery } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import type { Genesis } from "./genesis.ts";
import type { ChainStores } from "./stores.ts";

export interface AcceptedRecoveries {
  /** The ids of the recoveries that are new here. */
  added: Hex[];
  /** The number of this node's proposals that they ended. */
  endedProposals: number;
}

/**
 * Stores the recoveries that a person gave to this node, whose chain is not open; the next `Chain.resume` continues
 * from them. Recoveries that are stored already, and files with fewer, change nothing. A new one ends the proposals of
 * this node: its blocks would vote again for what people have just agreed to undo.
 * @throws {UserError} `BAD_RECOVERY`, `WRONG_CHAIN`, `OTHER_RECOVERY`, `OTHER_FINAL_BLOCK`
 */
export async function acceptRecoveries(
  { database, recoveries: store, blocks, finality }: ChainStores,
  { id: genesisId, config }: Pick<Genesis, "id" | "config">,
  given: readonly Recovery[],
): Promise<AcceptedRecoveries> {
  checkRecoveries(given, config);
  const kept = await store.all();
  for (const [index, recovery] of given.entries()) {
    if (!equalBytes(recovery.genesisId, genesisId))
      throw new UserError(
        `the recovery is of the chain ${toHex(recovery.genesisId)}, this node's is ${toHex(genesisId)}: give it to a node of that chain`,
        "WRONG_CHAIN",
      );
    const own = kept[index];
    if (own && !equalBytes(recoveryId(own), recoveryId(recovery)))
      throw new UserError(
        `this node follows recovery ${toHex(recoveryId(own))}, the file names ${toHex(recoveryId(recovery))} in its place: agree on one, then start whoever has the other from a backup or with an empty database`,
        "OTHER_RECOVERY",
      );
  }
  const added = given.slice(kept.length);
  const [first] = added;
  if (!first) return { added: [], endedProposals: 0 };
  const status = await finality.status();
  if (status) await requireOnChain(first, status.finalized);
  const ended = await new ProposalStore(database).removals();
  await database.commit([store.set(given), ...ended]);
  return {
    added: added.map((recovery) => toHex(recoveryId(recovery))),
    endedProposals: ended.length,
  };

  /**
   * No block that is final here may be abandoned. A recovery's block that is not here yet is checked when it arrives.
   */
  async function requireOnChain(
    { block, round }: Recovery,
    final: { round: number; height: number; block: Uint8Array },
  ): Promise<void> {
    const own = `block ${final.height} (${toHex(final.block)}) is final here`;
    const named = `the recovery's block ${block.height} (${toHex(block.id)})`;
    const compare =
      "compare ccoin status of all nodes, and make the recovery on the one with the newest final block";
    if (block.height < final.height)
      throw new UserError(`${own}, above ${named}: ${compare}`, "OTHER_FINAL_BLOCK");
    if (round <= final.round)
      throw new UserError(
        `${own} in round ${final.round}, the recovery begins in round ${round}: make it on this node`,
        "OTHER_FINAL_BLOCK",
      );
    let at: Uint8Array = block.id;
    for (let height = block.height; height > final.height; height--) {
      const record = await blocks.header(at);
      if (!record) {
        if (height === block.height) return;
        break;
      }
      at = record.header.message.parent;
    }
    if (!equalBytes(at, final.block))
      throw new UserError(`${own}, and ${named} does not descend from it: ${compare}`, "OTHER_FINAL_BLOCK");
  }
}
