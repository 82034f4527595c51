import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { keyFromSeed } from "../../../src/client/index.ts";

interface Listed {
  line: number;
  to: string | undefined;
  amount: bigint | undefined;
  memo: string;
  problem: string | undefined;
  warning: string | undefined;
}

const [anna, ben] = await Promise.all(
  [1, 2].map(async (fill) => (await keyFromSeed(new Uint8Array(32).fill(fill))).address),
);
let readPayments: (text: string) => Listed[];

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  // Imported by variable names, which the compiler does not follow: the page's code is checked with browsers' types.
  const load = (file: string) => import(/* @vite-ignore */ `../../../src/explorer/${file}`);
  ({ readPayments } = await load("wallet/payment-list.ts"));
  const { live } = await load("live.ts");
  live.update({ genesis: { names: [{ address: anna, name: "Anna, B." }] } });
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page have another node.
  vi.resetModules();
});

const brief = (text: string) => readPayments(text).map(({ to, amount, memo }) => [to, amount, memo]);

it.each([
  ["commas and quotes", `"Anna, B.",25,"rent, ""May"""\r\n${ben},1200\r\n`],
  ["tabs of a spreadsheet", `Anna, B.\t25\trent, "May"\n${ben}\t1,200\t`],
  ["semicolons", `Anna, B.;25;rent, "May"\n\n${ben};1200;`],
  ["a line of headings", `To,Amount,Memo\n"Anna, B.",25,"rent, ""May"""\n${ben},1200,`],
])("reads %s", (_, text) => {
  expect(brief(text)).toEqual([
    [anna, 25n, 'rent, "May"'],
    [ben, 1200n, ""],
  ]);
});

it("says in which line what is wrong", () => {
  const text = [
    `${ben},5`,
    `${ben!.slice(0, 20)},5`,
    `${ben},2.50`,
    `${ben},5,a,b`,
    `${ben},5,${"é".repeat(129)}`,
    "Nobody",
  ];
  const problems = readPayments(text.join("\n")).map(({ line, problem }) => [line, problem]);
  expect(problems).toEqual([
    [1, undefined],
    [2, expect.stringContaining("not finished")],
    [3, "An amount has no digits after the point."],
    [4, expect.stringContaining("more than three fields")],
    [5, "A memo has at most 256 bytes."],
    [6, expect.stringMatching(/neither an address .* Enter an amount in digits/)],
  ]);
});

it("warns of a line that is there twice, and of an amount of 0", () => {
  const lines = readPayments(`${ben},5\n${anna},5\n${ben}, 5 \n${ben},6\n${ben},0`);
  expect(lines.map(({ warning }) => warning)).toEqual([
    undefined,
    undefined,
    "the same as line 1",
    undefined,
    "the amount is 0",
  ]);
});
