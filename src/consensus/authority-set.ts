import type { ChainSnapshot } from "../types/authority.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { zero32 } from "../types/primitives.ts";
import { compareBytes } from "../util/bytes.ts";

/** The snapshot after the genesis block: nobody has signed, and there are no votes. */
export function genesisSnapshot({
  authorities,
  parameters,
}: Pick<ChainConfig, "authorities" | "parameters">): ChainSnapshot {
  return {
    authorities: [...authorities].sort(compareBytes),
    recentSigners: [],
    openVotes: [],
    parameters,
    recovery: zero32,
  };
}

/**
 * An authority signs at most one of this many consecutive blocks; as many votes are a majority (EIP-225
 * `SIGNER_LIMIT`).
 */
export function signerLimit(authorityCount: number): number {
  return Math.floor(authorityCount / 2) + 1;
}

/** The index of `address` in the ascending list, or -1. */
export function authorityIndex(authorities: readonly Uint8Array[], address: Uint8Array): number {
  const at = lowerBound(authorities, address);
  const found = authorities[at];
  return found && compareBytes(found, address) === 0 ? at : -1;
}

/** A copy with `address` inserted in order. */
export function withAuthority(authorities: readonly Uint8Array[], address: Uint8Array): Uint8Array[] {
  return [...authorities].toSpliced(lowerBound(authorities, address), 0, address);
}

/** A copy without `address`. */
export function withoutAuthority(authorities: readonly Uint8Array[], address: Uint8Array): Uint8Array[] {
  return authorities.filter((authority) => !sameAddress(authority, address));
}

/** True for two sets with the same authorities. */
export function sameSet(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((address, index) => sameAddress(address, b[index]!));
}

/** Like `equalBytes` for two 32-byte addresses, but without the native call if the first byte differs. */
export function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  return a[0] === b[0] && compareBytes(a, b) === 0;
}

/** The index of the first authority that is not below `address`. */
function lowerBound(authorities: readonly Uint8Array[], address: Uint8Array): number {
  let low = 0;
  let high = authorities.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(authorities[middle]!, address) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
