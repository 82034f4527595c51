import { expect, test } from "vitest";
import { BlockError, TransactionError } from "../../../src/types/errors.ts";
import { CodedError } from "../../../src/util/errors.ts";

test("a block error has a code, a cause, and the time until it is none", () => {
  const cause = new Error("why");
  const error = new BlockError("MALFORMED", "text", { cause });
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({ name: "BlockError", code: "MALFORMED", message: "text", cause });
  expect(error.aheadMs).toBe(0);
  expect(new BlockError("FUTURE_BLOCK", "text", { aheadMs: 5 }).aheadMs).toBe(5);
});

test("a transaction error has a code", () => {
  const error = new TransactionError("FEE_TOO_LOW", "text");
  expect(error).toMatchObject({ name: "TransactionError", code: "FEE_TOO_LOW", message: "text" });
});
