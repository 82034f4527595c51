import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Amount, Count, Uint32 } from "./primitives.ts";

/**
 * The rules of a chain that its authorities can change by vote. They are part of the state; genesis sets the initial
 * ones.
 */
export const ChainParameters = new ContainerType(
  {
    /** The least time between two blocks, in ms. */
    periodMs: Count,
    /**
     * The time after its parent, in ms, at which a block without transactions may be made; 0 for never. This is a
     * policy of producers and is not checked.
     */
    emptyBlockPeriodMs: Count,
    maxBlockTransactions: Uint32,
    /** The limit for the encoded transactions of a block. */
    maxBlockBytes: Uint32,
    blockReward: Amount,
    minFee: Amount,
    /** The version of the rules. A node that does not know it neither follows nor signs. */
    rules: Uint32,
  },
  { typeName: "ChainParameters" },
);
export type ChainParameters = ValueOf<typeof ChainParameters>;

export type ParameterName = keyof ChainParameters;

/**
 * The number of each parameter in a vote (`HeaderVote.parameter`). The numbers are part of the protocol and are never
 * reused.
 */
export const parameterNumbers: Readonly<Record<ParameterName, number>> = {
  periodMs: 1,
  emptyBlockPeriodMs: 2,
  minFee: 3,
  blockReward: 4,
  maxBlockTransactions: 5,
  maxBlockBytes: 6,
  rules: 7,
};

export const parameterNames = Object.keys(parameterNumbers) as readonly ParameterName[];

/** The parameter with this number; undefined if there is none. */
export function parameterName(number: number): ParameterName | undefined {
  return parameterNames.find((name) => parameterNumbers[name] === number);
}

/** The version of the rules that a chain starts with. */
export const firstRules = 1;
