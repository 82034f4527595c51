import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Amount, Count, Uint32 } from "./primitives.ts";

/** The rules of a chain that its authorities can change by vote. They are part of the state; genesis sets the first ones. */
export const ChainParameters = new ContainerType(
  {
    /** Least time between two blocks, in ms. */
    periodMs: Count,
    /** Time after its parent at which a block without transactions may be made, in ms; 0: never. A policy of producers, not checked. */
    emptyBlockPeriodMs: Count,
    maxBlockTransactions: Uint32,
    /** Limit for the encoded transactions of a block. */
    maxBlockBytes: Uint32,
    blockReward: Amount,
    minFee: Amount,
    /** Version of the rules: a node that does not know it neither follows nor signs. */
    rules: Uint32,
  },
  { typeName: "ChainParameters" },
);
export type ChainParameters = ValueOf<typeof ChainParameters>;

export type ParameterName = keyof ChainParameters;

/** The number of a parameter in a vote (`HeaderVote.parameter`). The numbers are part of the protocol and are never reused. */
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

/** Undefined for a number that names no parameter. */
export function parameterName(number: number): ParameterName | undefined {
  return parameterNames.find((name) => parameterNumbers[name] === number);
}

/** Version of the rules that a chain starts with. */
export const firstRules = 1;
