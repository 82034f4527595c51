import { expect, it } from "vitest";
import { withNames } from "../../../src/explorer/history/statement.ts";

it("a table gets this browser's names, whatever the texts in it are", () => {
  const names: Record<string, string> = { cc1anna: "Anna, the first", cc1ben: "=SUM(A1)" };
  const memo = '"a,b,cc1anna,,\nc,d,cc1anna,x ""y"""';
  const table = [
    "time,direction,counterparty,name,amount,memo",
    `t,in,cc1anna,Treasury,1.00,${memo}`,
    't,out,cc1ben,"B, C",-1.00,',
    't,out,cc1carl,"Carl ""C."", X",-1.00,hello',
    "",
  ].join("\r\n");
  expect(withNames(table, (address) => names[address])).toBe(
    [
      "time,direction,counterparty,name,amount,memo",
      `t,in,cc1anna,"Anna, the first",1.00,${memo}`,
      't,out,cc1ben,"\'=SUM(A1)",-1.00,',
      't,out,cc1carl,"Carl ""C."", X",-1.00,hello',
      "",
    ].join("\r\n"),
  );
});
