import { expect, test } from "vitest";
import { BlockError, TransactionError } from "../../../src/types/errors.ts";
import { CodedError } from "../../../src/util/errors.ts";

test("a block error names its code and the transaction that it is about", () => {
  const detail = { transactionIndex: 3, transactionCode: "NONCE_TOO_LOW" } as const;
  const error = new BlockError("INVALID_TRANSACTION", "transaction 3 cannot be executed", detail);
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toMatchObject({ name: "BlockError", code: "INVALID_TRANSACTION", ...detail });
});

test("a block error without detail is about the whole block", () => {
  const cause = new Error("why");
  const error = new BlockError("MALFORMED", "text", { cause });
  expect(error.transactionIndex).toBeUndefined();
  expect(error.transactionCode).toBeUndefined();
  expect(error.cause).toBe(cause);
  expect(error.aheadMs).toBe(0);
  expect(new BlockError("FUTURE_BLOCK", "text", { aheadMs: 5 }).aheadMs).toBe(5);
});

test("a transaction error has a code", () => {
  const error = new TransactionError("FEE_TOO_LOW", "text");
  expect(error).toMatchObject({ name: "TransactionError", code: "FEE_TOO_LOW", message: "text" });
});
