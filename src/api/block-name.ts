import * as z from "zod";
import type { Chain } from "../chain/chain.ts";
import type { BlockRef } from "../types/index.ts";
import { fromHex } from "../util/bytes.ts";
import { ProblemError } from "./problem.ts";
import { parseCount } from "./query.ts";

/** Names of blocks in addition to heights and ids; `latest` is `head`. */
const blockNames = ["head", "latest", "justified", "finalized"] as const;
const pattern = new RegExp(`^(${blockNames.join("|")}|0|[1-9][0-9]{0,15}|0x[0-9a-fA-F]{64})$`);

/** A height, an id, or one of `blockNames`. */
export const blockName = z
  .string()
  .regex(pattern, { error: `must be a height, an id (0x and 64 hex digits), or ${blockNames.join(", ")}` })
  .meta({
    id: "BlockName",
    description: "A height, an id, `head` (or `latest`), `justified` or `finalized`.",
    examples: ["head", "12"],
  });

/** The block that a name stands for now. */
function namedBlock(
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

/** `name` is a result of `blockName`. The returned id need not belong to a block. */
export async function findBlockId(
  chain: Pick<Chain, "head" | "justified" | "finalized" | "reader">,
  name: string,
): Promise<Uint8Array | undefined> {
  const named = namedBlock(chain, name);
  if (named) return named.id;
  if (name.startsWith("0x")) return fromHex(name);
  const height = parseCount(name);
  return height === undefined ? undefined : chain.reader.canonicalId(height);
}

export function blockNotFound(name: string): ProblemError {
  return new ProblemError("BLOCK_NOT_FOUND", `this node has no block ${name}`);
}
