import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { AuthoritySnapshot, type ChainSnapshot } from "../types/authority.ts";
import { ChainParameters } from "../types/parameters.ts";
import { rootOf } from "../types/root.ts";

/** `hash_tree_root` of `State`, a header's `stateRoot`: four fields, four leaves. */
export function stateRootOf(accountsRoot: Uint8Array, snapshot: ChainSnapshot): Uint8Array {
  const left = digest64(accountsRoot, rootOf(AuthoritySnapshot, snapshot));
  return new Uint8Array(digest64(left, rightOfState(snapshot)));
}

/**
 * The node above the parameters and the recovery. Together with the authorities' root it is the rest of an account's
 * branch.
 */
export function rightOfState({
  parameters,
  recovery,
}: Pick<ChainSnapshot, "parameters" | "recovery">): Uint8Array {
  return digest64(rootOf(ChainParameters, parameters), recovery);
}
