import type { Vote } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "./amount.tsx";
import { Address } from "./names.tsx";

/** Parameters that are amounts. */
const amounts: readonly string[] = ["minFee", "blockReward"];

/** The subject of a vote: a candidate, or a parameter with the value that it would get. */
export function Subject({ vote }: { vote: Vote }): Markup {
  return vote.kind === "set" ? (
    <>
      <code>
        {vote.parameter} = {vote.value}
      </code>
      {amounts.includes(vote.parameter) ? (
        <>
          {" "}
          <span class="quiet">
            <Amount of={vote.value} />
          </span>
        </>
      ) : null}
    </>
  ) : (
    <Address address={vote.candidate} />
  );
}

/** Returns the candidate's address, or the name of the parameter. */
export function subjectOf(vote: Vote): string {
  return vote.kind === "set" ? vote.parameter : vote.candidate;
}
