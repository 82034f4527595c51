import type { Chain } from "../chain/chain.ts";
import type { BlockRef } from "../types/index.ts";

/** What a block can be named by beside its height and its id; `latest` is `head`. */
export const blockNames = ["head", "latest", "justified", "finalized"] as const;

/** The block that a name stands for now. */
export function namedBlock(
  chain: Pick<Chain, "head" | "justified" | "finalized">,
  name: string,
): BlockRef | undefined {
  switch (name) {
    case "head":
    case "latest":
      return chain.head;
    case "justified":
      return chain.justified;
    case "finalized":
      return chain.finalized;
    default:
      return undefined;
  }
}
