import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { maxAuthorities } from "./authority.ts";
import { Bytes32, Bytes64, Count } from "./primitives.ts";

/** A block in a voting round. Genesis in round 0 is justified and final from the start. */
export const Checkpoint = new ContainerType(
  { round: Count, height: Count, block: Bytes32 },
  { typeName: "Checkpoint" },
);
export type Checkpoint = ValueOf<typeof Checkpoint>;

/** A link to sign (domain `finalityVote`): from a justified checkpoint to one of a higher round (Casper FFG). */
export const FinalityVote = new ContainerType(
  { source: Checkpoint, target: Checkpoint },
  { typeName: "FinalityVote" },
);
export type FinalityVote = ValueOf<typeof FinalityVote>;

export const SignedFinalityVote = new ContainerType(
  { message: FinalityVote, voter: Bytes32, signature: Bytes64 },
  { typeName: "SignedFinalityVote" },
);
export type SignedFinalityVote = ValueOf<typeof SignedFinalityVote>;

/** The same link signed by more than two thirds of the authorities of the target block's own state. `voters` ascend. */
export const Certificate = new ContainerType(
  {
    link: FinalityVote,
    voters: new ListCompositeType(Bytes32, maxAuthorities),
    signatures: new ListCompositeType(Bytes64, maxAuthorities),
  },
  { typeName: "Certificate" },
);
export type Certificate = ValueOf<typeof Certificate>;

/** The link that finalized its source block, and the link that had justified it; the latter is empty for genesis. */
export const FinalityProof = new ContainerType(
  { justification: Certificate, finalization: Certificate },
  { typeName: "FinalityProof" },
);
export type FinalityProof = ValueOf<typeof FinalityProof>;
