import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Count, Uint8 } from "./primitives.ts";

export const maxAuthorities = 1024;

/** `AuthorityVote.kind`. */
export const voteKinds = { none: 0, add: 1, remove: 2 } as const;

/** A proposer's vote on the authority set, in its header (EIP-225). `candidate` is zero where `kind` is none. */
export const AuthorityVote = new ContainerType(
  { kind: Uint8, candidate: Bytes32 },
  { typeName: "AuthorityVote" },
);
export type AuthorityVote = ValueOf<typeof AuthorityVote>;

export const noVote: AuthorityVote = { kind: voteKinds.none, candidate: new Uint8Array(32) };

/** Who signed which of the newest blocks, oldest first. */
export const RecentSigner = new ContainerType(
  { height: Count, proposer: Bytes32 },
  { typeName: "RecentSigner" },
);
export type RecentSigner = ValueOf<typeof RecentSigner>;

/** A vote that has not been enacted, oldest first. */
export const OpenVote = new ContainerType(
  { voter: Bytes32, candidate: Bytes32, kind: Uint8, height: Count },
  { typeName: "OpenVote" },
);
export type OpenVote = ValueOf<typeof OpenVote>;

/** The consensus part of the state after a block. `authorities` ascend by their bytes; a turn is an index among them. */
export const AuthoritySnapshot = new ContainerType(
  {
    authorities: new ListCompositeType(Bytes32, maxAuthorities),
    recentSigners: new ListCompositeType(RecentSigner, maxAuthorities),
    openVotes: new ListCompositeType(OpenVote, maxAuthorities * maxAuthorities),
  },
  { typeName: "AuthoritySnapshot" },
);
export type AuthoritySnapshot = ValueOf<typeof AuthoritySnapshot>;
