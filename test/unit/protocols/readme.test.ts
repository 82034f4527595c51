import { readFileSync } from "node:fs";
import { ByteListType, ByteVectorType, ContainerType, type Type } from "@chainsafe/ssz";
import { expect, test } from "vitest";
import * as protocols from "../../../protocols/index.ts";
import { resultCodes, topicNames } from "../../../protocols/index.ts";
import { banMs, banScore, offences } from "../../../src/network/scores.ts";
import * as genesisTypes from "../../../src/types/genesis.ts";
import * as types from "../../../src/types/index.ts";
import { allProtocols } from "./all-protocols.ts";

const readme = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8");
/** Rows of all tables, as cells without code marks. */
function tableRows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}
const rows = tableRows(readme);
const row = (first: string) => rows.find(([cell]) => cell === first);
const number = (cell: string | undefined) => Number(cell?.replaceAll(",", ""));

test.each(allProtocols.map((protocol) => [protocol.id, protocol] as const))(
  "the table has %s",
  (id, protocol) => {
    const cells = row(id);
    expect(cells?.slice(4, 8).map(number)).toEqual([
      protocol.maxRequestBytes,
      protocol.maxResponseBytes,
      protocol.maxChunks,
      protocol.maxTotalBytes,
    ]);
    expect(cells?.slice(8)).toEqual([
      `${protocol.timeoutMs / 1_000} s`,
      `${protocol.quota.requests} / ${protocol.quota.perMs / 1_000} s`,
    ]);
    expect(cells?.[1]).toBe(protocol.request.typeName);
    expect(cells?.[3]).toBe(protocol.ack?.typeName ?? "");
  },
);

const exported: [string, unknown][] = Object.entries({ ...types, ...genesisTypes, ...protocols });
const containers = exported.filter(
  (entry): entry is [string, ContainerType<Record<string, Type<unknown>>>] =>
    // The bytes of a `Block`, read another way.
    entry[1] instanceof ContainerType && entry[0] !== "EncodedBlock",
);

test.each(containers)("the fields of %s are there, in order", (name, container) => {
  const described = rows.filter(([cell]) => cell === name).map((cells) => cells[1] ?? "");
  // Explanations are in parentheses.
  const fields = described[0]?.replaceAll(/\([^)]*\)/g, "").match(/\w+(?=: )/g);
  expect(fields).toEqual(Object.keys(container.fields));
  for (const [field, type] of Object.entries(container.fields)) {
    if (type instanceof ByteListType)
      expect(described[0]).toContain(`${field}: ByteList[${type.limitBytes}]`);
    if (type instanceof ByteVectorType) expect(described[0]).toContain(`${field}: Bytes${type.lengthBytes}`);
  }
});

test("result codes, topics and points are those of the code", () => {
  for (const [name, code] of Object.entries(resultCodes)) expect(row(String(code))?.[1]).toBe(name);
  for (const name of Object.values(topicNames)) expect(row(name)).toBeDefined();
  const points = tableRows(readme.slice(readme.indexOf("## 6. Penalties")))
    .filter((cells) => cells.length === 3 && /^\d+$/.test(cells[1]!))
    .map(([, cell]) => Number(cell));
  expect(points.sort()).toEqual(
    Object.values(offences)
      .map((offence) => offence.points)
      .sort(),
  );
  expect(readme).toContain(`At ${banScore} the peer is disconnected`);
  expect(readme).toContain(`accepted for ${banMs / 60_000} minutes`);
});
