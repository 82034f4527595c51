import type { Vote } from "../../client/index.ts";
import type { Markup } from "../markup.ts";
import { Address } from "./names.tsx";

/** The subject of a vote: a candidate, or a parameter with the value that it would get. */
export function Subject({ vote }: { vote: Vote }): Markup {
  return vote.kind === "set" ? (
    <code>
      {vote.parameter} = {vote.value}
    </code>
  ) : (
    <Address address={vote.candidate} />
  );
}

/** Returns the candidate's address, or the name of the parameter. */
export function subjectOf(vote: Vote): string {
  return vote.kind === "set" ? vote.parameter : vote.candidate;
}
