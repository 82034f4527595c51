import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  blockFaults,
  evidenceFaults,
  type RelayFact,
  transactionFaults,
  voteFaults,
} from "../../../src/sync/verdicts.ts";
import { allProtocols } from "./all-protocols.ts";

const readme = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
const section = readme.slice(
  readme.indexOf("| topic | reject for |"),
  readme.indexOf("- `transactions`: reject if"),
);

/** Returns the codes that the table names for a topic and a fact. */
function named(topic: string, fact: RelayFact): string[] {
  const rows = section.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  return rows
    .filter((cells) => cells[1] === `\`${topic}\`` && cells[3] === fact)
    .flatMap((cells) => [...cells[2]!.matchAll(/`(\w+)`/g)].map(([, code]) => code!))
    .sort();
}

test.each([
  ["transactions", transactionFaults],
  ["blocks", blockFaults],
  ["votes", voteFaults],
  ["evidence", evidenceFaults],
] as const)("the table of verdicts has the facts of %s", (topic, faults) => {
  for (const fact of ["message", "genesis", "parent", "target"] as const) {
    const codes = Object.entries<RelayFact | undefined>(faults).filter(([, of]) => of === fact);
    expect(named(topic, fact), fact).toEqual(codes.map(([code]) => code).sort());
  }
});

test.each(allProtocols.map(({ id }) => id))("the table of answers has a row of %s", (id) => {
  const table = readme.slice(readme.indexOf("| answer | at fault if |"));
  const answers = table.split("\n").map((line) => line.split("|")[1] ?? "");
  const name = id.split("/")[2];
  expect(answers.filter((cell) => cell.includes(`\`${name}\``))).toHaveLength(1);
});
