import { chainDigest } from "../protocols/index.ts";
import type { OwnLine } from "../src/sync/claimed-status.ts";
import { firstRules } from "../src/types/index.ts";

/** A node without recoveries, whose program knows the first version of the rules. */
export const line: OwnLine = { recoveries: [], knownRules: firstRules };

/** Returns the digest of a chain without recoveries under the first version of the rules. */
export function firstDigest(genesisId: Uint8Array): Uint8Array {
  return chainDigest({ genesisId, recoveries: [], rules: firstRules });
}

/** Returns the part of a status that says so. */
export function ofFirstRules(genesisId: Uint8Array) {
  return { genesisId, digest: firstDigest(genesisId), rules: firstRules, knownRules: firstRules };
}
