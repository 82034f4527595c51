import * as z from "zod";
import { type ProblemCode, problems } from "../problem.ts";
import { amountText } from "./values.ts";

const codes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];
const rows = codes.map((code) => `| ${problems[code].status} | \`${code}\` | ${problems[code].title} |`);

/** A problem document of RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string().describe("`urn:ccoin:problem:` followed by the code."),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe("One line for people."),
    code: z.enum(codes).describe("Stable."),
    minFee: amountText
      .optional()
      .describe(
        "With `FEE_TOO_LOW` and `MEMPOOL_FULL`: the least fee with which the transaction would be accepted.",
      ),
  })
  .meta({
    id: "Problem",
    description: [
      "RFC 9457 problem details.",
      "",
      "| status | code | meaning |",
      "| --- | --- | --- |",
      ...rows,
    ].join("\n"),
  });
