import type { Chain } from "../chain/chain.ts";
import type { BlockRef } from "../types/index.ts";
import { ProblemError } from "./problem.ts";
import { isId, parseCount, parseId } from "./query.ts";

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

/** `name`: a height, an id, or one of `blockNames`. The id need not be that of a block. @throws {ProblemError} `MALFORMED` */
export async function findBlockId(chain: Chain, name: string): Promise<Uint8Array | undefined> {
  const named = namedBlock(chain, name);
  if (named) return named.id;
  if (isId(name)) return parseId(name);
  const height = parseCount(name);
  if (height !== undefined) return chain.reader.canonicalId(height);
  throw new ProblemError(
    "MALFORMED",
    `a block is named by its height, its id (0x and 64 hex digits), or ${blockNames.join(", ")}`,
  );
}

export function blockNotFound(name: string): ProblemError {
  return new ProblemError("BLOCK_NOT_FOUND", `this node has no block ${name}`);
}
