import { isWithinLimits } from "../config/parameter-limits.ts";
import type { HeaderVote } from "../types/authority.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { type ChainParameters, type ParameterName, parameterName } from "../types/parameters.ts";

type ParameterVote = Pick<HeaderVote, "parameter" | "value">;

/** Parameters that are amounts; the others are numbers. */
const amounts: readonly ParameterName[] = ["minFee", "blockReward"];

/**
 * True if the value would change the parameter and keep the rules: every parameter stays within its limits, and `rules`
 * rises by one, so that no version is skipped and none returns.
 */
export function canSetParameter(
  parameters: ChainParameters,
  vote: ParameterVote,
  config: Pick<ChainConfig, "slotMs">,
): boolean {
  const name = parameterName(vote.parameter);
  if (name === undefined || vote.value === BigInt(parameters[name])) return false;
  if (name === "rules" && Number(vote.value) !== parameters.rules + 1) return false;
  return isWithinLimits(withParameter(parameters, vote), config);
}

/**
 * A copy in which the parameter has the voted value. `canSetParameter` has accepted the vote, or is about to check it.
 */
export function withParameter(
  parameters: ChainParameters,
  { parameter, value }: ParameterVote,
): ChainParameters {
  const name = parameterName(parameter);
  if (name === undefined) return parameters;
  return { ...parameters, [name]: amounts.includes(name) ? value : Number(value) };
}
