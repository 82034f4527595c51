import { SigningError } from "../types/errors.ts";
import { equalBytes, toHex } from "../util/bytes.ts";

/** A header that was signed. Without `root`, an unknown header takes the slot. */
export interface HeaderEntry {
  slot: number;
  /** The 32 bytes of `signingRoot`. */
  root: Uint8Array | undefined;
}

/** A finality vote that was signed; rounds are as in `FinalityVote`. */
export interface VoteEntry {
  sourceRound: number;
  targetRound: number;
  root: Uint8Array | undefined;
}

/**
 * The last signatures of an account and its limits. For votes this is the minimal database of EIP-3076, with rounds for
 * epochs.
 */
export interface ProtectionRecord {
  /** The highest slot in which a header was signed; -1 for none. */
  slot: number;
  /** The root that was signed in `slot`; undefined if nothing may be signed in it. */
  slotRoot: Uint8Array | undefined;
  /** The slot up to which no new header is signed, because not every signed one has an entry; -1 if all have. */
  floorSlot: number;
  sourceRound: number;
  targetRound: number;
  /** The root that was signed for `targetRound`; undefined if nothing may be signed for it. */
  targetRoot: Uint8Array | undefined;
  /**
   * The target round of the newest known vote. It is lower than `targetRound` while rounds are refused because of
   * doubt.
   */
  votedRound: number;
  /** The last time at which it was certain that nothing else was signed. */
  timeMs: number;
  /** The time since which votes may have been signed that are not recorded; undefined for none. */
  votesDoubtfulSinceMs: number | undefined;
}

/** The folder's place when this account last signed: `data-identity.ts`. */
export interface DataIdentity {
  folder: string;
  machine: string;
  /** Accepted contents of the token file; "" for no file. */
  tokens: string[];
}

export function emptyRecord(timeMs: number): ProtectionRecord {
  return {
    slot: -1,
    slotRoot: undefined,
    floorSlot: -1,
    sourceRound: 0,
    targetRound: 0,
    targetRoot: undefined,
    votedRound: 0,
    timeMs,
    votesDoubtfulSinceMs: undefined,
  };
}

/**
 * Tells a new header from one that was signed before. `signed` has the entries of its slot.
 * The rule counts slots, not heights: on a better branch every authority may have signed at a height already, and
 * nobody could continue. Slots need not rise either: a clock that was ahead for a moment would keep the account from
 * signing until the slots that it had reached.
 * @throws {SigningError} `SLASHABLE_HEADER`
 */
export function checkHeaderSigning(
  record: ProtectionRecord,
  signed: readonly HeaderEntry[],
  { slot, root }: { slot: number; root: Uint8Array },
): "new" | "repeated" {
  if (!Number.isSafeInteger(slot) || slot < 0)
    throw new SigningError("SLASHABLE_HEADER", `no such slot: ${slot}`);
  const known = slot === record.slot ? [...signed, { slot, root: record.slotRoot }] : signed;
  const other = known.find((entry) => !entry.root || !equalBytes(entry.root, root));
  if (other?.root)
    throw new SigningError(
      "SLASHABLE_HEADER",
      `another header was signed in slot ${slot}: ${toHex(other.root)}`,
    );
  if (other) throw new SigningError("SLASHABLE_HEADER", `nothing may be signed in slot ${slot} any more`);
  if (known.length > 0) return "repeated";
  if (slot > record.floorSlot) return "new";
  throw new SigningError(
    "SLASHABLE_HEADER",
    `slot ${slot}: no header may be signed up to slot ${record.floorSlot} any more`,
  );
}

/** Conditions 4 and 5 of EIP-3076's minimal database. @throws {SigningError} `SLASHABLE_VOTE` */
export function checkVoteSigning(
  record: ProtectionRecord,
  { sourceRound, targetRound, root }: { sourceRound: number; targetRound: number; root: Uint8Array },
): "new" | "repeated" {
  const refused = (why: string) =>
    new SigningError("SLASHABLE_VOTE", `vote from round ${sourceRound} to ${targetRound}: ${why}`);
  if (!Number.isSafeInteger(sourceRound) || !Number.isSafeInteger(targetRound) || sourceRound < 0)
    throw refused("no such round");
  if (sourceRound >= targetRound) throw refused("the target's round must be above the source's");
  if (targetRound === record.targetRound && record.targetRoot && equalBytes(root, record.targetRoot))
    return "repeated";
  if (targetRound <= record.targetRound)
    throw refused(`no vote may be signed up to round ${record.targetRound} any more`);
  if (sourceRound < record.sourceRound)
    throw refused(`it could surround an earlier vote from round ${record.sourceRound}`);
  return "new";
}

/**
 * The record after adding a header that another database reports. That database may know no more of the slots below.
 */
export function mergeHeader(record: ProtectionRecord, { slot, root }: HeaderEntry): ProtectionRecord {
  const merged = { ...record, floorSlot: Math.max(record.floorSlot, record.slot, slot) };
  if (slot < record.slot) return merged;
  if (slot > record.slot) return { ...merged, slot, slotRoot: root };
  return { ...merged, slotRoot: sameRoot(record.slotRoot, root) };
}

export function mergeVote(record: ProtectionRecord, vote: VoteEntry): ProtectionRecord {
  const { targetRound } = vote;
  const merged = {
    ...record,
    sourceRound: Math.max(record.sourceRound, vote.sourceRound),
    votedRound: vote.root ? Math.max(record.votedRound, targetRound) : record.votedRound,
  };
  if (targetRound < record.targetRound) return merged;
  if (targetRound > record.targetRound) return { ...merged, targetRound, targetRoot: vote.root };
  return { ...merged, targetRoot: sameRoot(record.targetRoot, vote.root) };
}

/** Votes that one database may lack can be missing in the other too. */
export function mergeDoubt(record: ProtectionRecord, sinceMs: number | undefined): ProtectionRecord {
  if (sinceMs === undefined) return record;
  const own = record.votesDoubtfulSinceMs ?? sinceMs;
  return { ...record, votesDoubtfulSinceMs: Math.min(own, sinceMs) };
}

function sameRoot(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  return a && b && equalBytes(a, b) ? a : undefined;
}
