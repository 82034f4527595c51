import { ApiError } from "../../client/index.ts";
import { amountText } from "../parts/amount.tsx";

const texts: Readonly<Record<string, string>> = {
  INSUFFICIENT_BALANCE: "The account has less than amount and fee by now. Something else was paid from it.",
  FEE_TOO_LOW: "The fee is too low by now.",
  MEMPOOL_FULL: "The node has no room for more transfers at this fee.",
  ACCOUNT_LIMIT: "Too many transfers of this account wait. Try again when some are in a block.",
  OVERFLOW: "The receiver would have more than an account can hold.",
  WRONG_CHAIN: "The node has another chain by now: reload the page.",
  INVALID_SIGNATURE: "The node has another chain by now: reload the page.",
  EXPIRED: "The transfer came too late. Send it again: it is signed anew, and paid only once.",
  NONCE_TOO_LOW:
    "Another transfer of this account was faster. Send it again: it is signed anew, and paid only once.",
  RATE_LIMITED: "The node has too many requests from here. Try again in a moment.",
  OVERLOADED: "The node is too busy. Try again in a moment.",
  NOT_READY: "The node is not in step with the others yet. Try again in a moment.",
  ENDING: "The node is stopping. Try again when it is back.",
  WRITE_FAILED: "The node cannot write to its disk, so that it takes no transfers.",
};

/** A refusal of the node in words for somebody who pays; undefined for other errors. */
export function refusalText(code: string, minFee: string | undefined): string | undefined {
  const text = texts[code];
  return text && minFee !== undefined ? `${text} At least ${amountText(minFee)} is needed.` : text;
}

/** Puts a refusal into such words, and returns other errors as they are. */
export function inOwnWords(error: Error): Error {
  const text = error instanceof ApiError ? refusalText(error.code, error.minFee) : undefined;
  return text === undefined ? error : new Error(text, { cause: error });
}
