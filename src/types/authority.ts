import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { type ChainParameters, type ParameterName, parameterNumbers } from "./parameters.ts";
import { Amount, Bytes32, Count, Uint8 } from "./primitives.ts";

export const maxAuthorities = 1024;

/** `HeaderVote.kind`. */
export const voteKinds = { none: 0, add: 1, remove: 2, set: 3 } as const;

/**
 * A proposer's vote in its header, on the authority set (EIP-225) or on a parameter of the chain. `candidate` is zero
 * unless `kind` is add or remove; `parameter` (`parameterNumbers`) and `value` are zero unless `kind` is set.
 */
export const HeaderVote = new ContainerType(
  { kind: Uint8, candidate: Bytes32, parameter: Uint8, value: Amount },
  { typeName: "HeaderVote" },
);
export type HeaderVote = ValueOf<typeof HeaderVote>;

export const noVote: HeaderVote = {
  kind: voteKinds.none,
  candidate: new Uint8Array(32),
  parameter: 0,
  value: 0n,
};

/** One of the newest blocks and its proposer. */
const RecentSigner = new ContainerType({ height: Count, proposer: Bytes32 }, { typeName: "RecentSigner" });

/** A header's vote that has not been enacted. `height` is the header's. */
export const OpenVote = new ContainerType(
  { voter: Bytes32, vote: HeaderVote, height: Count },
  { typeName: "OpenVote" },
);
export type OpenVote = ValueOf<typeof OpenVote>;

/**
 * The consensus part of the state after a block. `authorities` ascend by their bytes; a turn is an index in that list.
 */
export const AuthoritySnapshot = new ContainerType(
  {
    authorities: new ListCompositeType(Bytes32, maxAuthorities),
    /** Oldest first. */
    recentSigners: new ListCompositeType(RecentSigner, maxAuthorities),
    /** Oldest first. */
    openVotes: new ListCompositeType(OpenVote, maxAuthorities * maxAuthorities),
  },
  { typeName: "AuthoritySnapshot" },
);
export type AuthoritySnapshot = ValueOf<typeof AuthoritySnapshot>;

/**
 * The state after a block without its accounts. `recovery` is the id of the newest recovery that applies to the block;
 * zero for none.
 */
export type ChainSnapshot = AuthoritySnapshot & { parameters: ChainParameters; recovery: Uint8Array };

/** A vote to add or to remove an authority. */
export function authorityVote(kind: "add" | "remove", candidate: Uint8Array): HeaderVote {
  return { ...noVote, kind: voteKinds[kind], candidate };
}

/** A vote to set a parameter. */
export function parameterVote(parameter: ParameterName, value: bigint | number): HeaderVote {
  return { ...noVote, kind: voteKinds.set, parameter: parameterNumbers[parameter], value: BigInt(value) };
}
