import type { Vote } from "../../client/index.ts";
import { html, type Markup } from "../html.ts";
import { Address } from "./names.ts";

/** The subject of a vote: a candidate, or a parameter with the value that it would get. */
export function Subject({ vote }: { vote: Vote }): Markup {
  return vote.kind === "set"
    ? html`<code>${vote.parameter} = ${vote.value}</code>`
    : html`<${Address} address=${vote.candidate} />`;
}

/** The candidate's address, or the name of the parameter. */
export function subjectOf(vote: Vote): string {
  return vote.kind === "set" ? vote.parameter : vote.candidate;
}
