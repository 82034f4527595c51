import { toHex } from "../util/bytes.ts";
import type { NodeCore } from "./core.ts";

/** The id of the only genesis block that the node may adopt: a person gave it, perhaps by a recovery. */
export function genesisPinOf({
  options,
  givenRecoveries,
}: Pick<NodeCore, "options" | "givenRecoveries">): string | undefined {
  return options.genesisPin ?? (givenRecoveries[0] && toHex(givenRecoveries[0].genesisId));
}
