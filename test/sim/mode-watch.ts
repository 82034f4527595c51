import { type Hex, toHex } from "../../src/util/bytes.ts";
import type { KnownBlock } from "./known-blocks.ts";
import type { ForgedBlock } from "./liars/knowledge.ts";
import type { SimNode } from "./node.ts";

/**
 * True if a node may leave `ready`: a heavier chain exists with more blocks that the node's own does not hold than
 * fewer than a majority of the authorities can sign; or a later round is justified than the node knows. `forged` are
 * blocks that liars have signed, of which they may show the headers alone.
 */
export function hasCauseToLeave(
  { services }: SimNode,
  nodes: readonly SimNode[],
  blocks: ReadonlyMap<Hex, KnownBlock>,
  forged: ReadonlyMap<Hex, ForgedBlock>,
): boolean {
  if (!services) return true;
  const { head, justified, snapshot } = services.chain;
  if (nodes.some((other) => (other.services?.chain.justified.round ?? 0) > justified.round)) return true;
  const own = new Set<Hex>();
  for (let id: Hex | undefined = head.idHex; id && blocks.has(id); id = blocks.get(id)?.parent) own.add(id);
  const majority = Math.floor(snapshot.authorities.length / 2) + 1;
  const parentOf = (id: Hex): Hex | undefined => {
    const lie = forged.get(id);
    return lie ? toHex(lie.header.message.parent) : blocks.get(id)?.parent;
  };
  for (const [id, { totalDifficulty }] of [...blocks, ...forged]) {
    if (totalDifficulty <= head.totalDifficulty) continue;
    let apart = 0;
    for (let at: Hex | undefined = id; at && !own.has(at); at = parentOf(at)) apart++;
    if (apart >= majority) return true;
  }
  return false;
}
