import type { ChainConfig } from "../../src/types/genesis.ts";
import type { ChainParameters, ChainSnapshot, Header, Recovery } from "../../src/types/index.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";

/** Authorities, open votes and parameters after a block by docs/consensus.md, section 4, without code of the node. */
export interface ReferenceRules {
  /** The authorities in ascending order. */
  authorities: readonly Hex[];
  openVotes: readonly { voter: Hex; subject: string; value: bigint }[];
  parameters: ChainParameters;
}

type Config = Pick<ChainConfig, "epochLength" | "slotMs">;

/** The parameters by their numbers in a vote, from 1. */
const names = [
  "periodMs",
  "emptyBlockPeriodMs",
  "minFee",
  "blockReward",
  "maxBlockTransactions",
  "maxBlockBytes",
  "rules",
] as const satisfies readonly (keyof ChainParameters)[];
const longestMs = 2n ** 31n - 1n;
const [none, add, remove, set] = [0, 1, 2, 3] as const;

export function firstRules({
  authorities,
  parameters,
}: Pick<ChainConfig, "authorities" | "parameters">): ReferenceRules {
  return { authorities: authorities.map(toHex).sort(), openVotes: [], parameters };
}

/** Computes the rules after a valid header from those after its parent. */
export function rulesAfter(
  before: ReferenceRules,
  { height, proposer, vote }: Pick<Header, "height" | "proposer" | "vote">,
  { epochLength, slotMs }: Config,
): ReferenceRules {
  if (height % epochLength === 0) return { ...before, openVotes: [] };
  if (vote.kind === none) return before;
  const { authorities, parameters } = before;
  const majority = Math.floor(authorities.length / 2) + 1;
  const voter = toHex(proposer);
  const subject = vote.kind === set ? `parameter ${vote.parameter}` : toHex(vote.candidate);
  const isMember = authorities.includes(subject);
  const mayAdd = !isMember && authorities.length < 1024;
  const counts =
    vote.kind === set
      ? maySet(parameters, vote.parameter, vote.value, slotMs)
      : vote.kind === add
        ? mayAdd
        : isMember;
  let open = before.openVotes.filter((other) => other.voter !== voter || other.subject !== subject);
  if (counts && open.filter((other) => other.voter === voter).length < 16)
    open = [...open, { voter, subject, value: vote.value }];
  const others = open.filter((other) => other.subject !== subject);
  if (vote.kind === set) {
    const own = open.filter((other) => other.subject === subject && other.value === vote.value);
    if (own.length < majority || !maySet(parameters, vote.parameter, vote.value, slotMs))
      return { ...before, openVotes: open };
    return {
      authorities,
      openVotes: others,
      parameters: withValue(parameters, vote.parameter, vote.value),
    };
  }
  if (open.length - others.length < majority || !(isMember || mayAdd)) return { ...before, openVotes: open };
  if (!isMember) return { parameters, openVotes: others, authorities: [...authorities, subject].sort() };
  return {
    parameters,
    openVotes: others.filter((other) => other.voter !== subject),
    authorities: authorities.filter((authority) => authority !== subject),
  };
}

/** Computes the rules after a recovery's block by docs/consensus.md, section 8. */
export function recoveredRules({
  authorities,
  parameters,
}: Pick<Recovery, "authorities" | "parameters">): ReferenceRules {
  return { parameters, openVotes: [], authorities: authorities.map(toHex).sort() };
}

/** Describes how a node's snapshot differs; undefined if it does not. */
export function differenceOf(rules: ReferenceRules, snapshot: ChainSnapshot): string | undefined {
  const authorities = snapshot.authorities.map(toHex).join();
  if (authorities !== rules.authorities.join()) return `authorities ${authorities}`;
  for (const name of names) {
    const [own, expected] = [snapshot.parameters[name], rules.parameters[name]];
    if (own !== expected) return `${name} ${own}, not ${expected}`;
  }
  const open = snapshot.openVotes.map(({ voter, vote }) => {
    const subject = vote.kind === set ? `parameter ${vote.parameter}` : toHex(vote.candidate);
    return `${toHex(voter)} ${subject} ${vote.value}`;
  });
  const expected = rules.openVotes.map(({ voter, subject, value }) => `${voter} ${subject} ${value}`);
  return open.join() === expected.join()
    ? undefined
    : `open votes ${open.join()}, not ${expected.join() || "none"}`;
}

/** True if a header votes on the set. */
export function isVoteOnSet({ vote }: Pick<Header, "vote">): boolean {
  return vote.kind === add || vote.kind === remove;
}

function maySet(parameters: ChainParameters, number: number, value: bigint, slotMs: number): boolean {
  const name = names[number - 1];
  if (!name || BigInt(parameters[name]) === value) return false;
  const periodMs = BigInt(parameters.periodMs);
  const emptyMs = BigInt(parameters.emptyBlockPeriodMs);
  switch (name) {
    case "periodMs":
      return (
        value >= 100n && value >= BigInt(slotMs) && value <= longestMs && (emptyMs === 0n || value <= emptyMs)
      );
    case "emptyBlockPeriodMs":
      return value === 0n || (value >= periodMs && value <= longestMs);
    case "minFee":
    case "blockReward":
      return true;
    case "maxBlockTransactions":
      return value >= 1n && value <= 65_536n;
    case "maxBlockBytes":
      return value >= 1_024n && value <= 16_777_216n;
    case "rules":
      return value === BigInt(parameters.rules) + 1n;
  }
}

function withValue(parameters: ChainParameters, number: number, value: bigint): ChainParameters {
  const name = names[number - 1]!;
  return { ...parameters, [name]: name === "minFee" || name === "blockReward" ? value : Number(value) };
}
