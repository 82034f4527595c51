import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ChainConfig, Coinbase } from "../types/genesis.ts";
import { maxAmount } from "../types/primitives.ts";
import { compareBytes } from "../util/bytes.ts";
import { lineOf, messageOf, UserError } from "../util/errors.ts";
import { chainLimits, firstDuplicate, isName, sumOfBalances } from "./chain-rules.ts";
import { addressSchema, amountSchema, describeIssues, wholeNumber } from "./schema.ts";

/** Ten minutes. */
export const defaultPeriodMs = 600_000;
/** Of chains that `ccoin genesis` writes; a genesis.json that names none has none. */
export const defaultMinFee = 1n;
/** EIP-225's. */
const defaultEpochLength = 30_000;

const limits = chainLimits;
const nameRule = `must be a text of 1 to ${limits.maxNameBytes} bytes (UTF-8) without control characters`;
const name = z
  .string({ error: nameRule })
  .transform((text) => new TextEncoder().encode(text))
  .refine(isName, { error: nameRule });

const list = (what: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? `is missing: list ${what}` : `must be a list of ${what}`;

/** genesis.json as people write it; every field but `name`, `authorities` and `balances` has a default. */
const genesisSchema = z
  .strictObject(
    {
      name,
      periodMs: wholeNumber(limits.minPeriodMs, limits.maxPeriodMs, "ms").default(defaultPeriodMs),
      epochLength: wholeNumber(1, limits.maxEpochLength, "blocks").default(defaultEpochLength),
      emptyBlockPeriodMs: wholeNumber(0, limits.maxPeriodMs, "ms (0: no empty blocks)").optional(),
      maxBlockTransactions: wholeNumber(1, limits.maxBlockTransactions).default(
        limits.maxBlockTransactions / 2,
      ),
      maxBlockBytes: wholeNumber(limits.minBlockBytes, limits.maxBlockBytes, "bytes").default(
        limits.maxBlockBytes / 2,
      ),
      blockReward: amountSchema.default(0n),
      minFee: amountSchema.default(0n),
      authorities: z
        .array(addressSchema, { error: list("addresses") })
        .min(1, { error: "name at least one authority, or nobody can make blocks" })
        .max(limits.maxAuthorities, { error: `at most ${limits.maxAuthorities} authorities` }),
      balances: z
        .array(
          z.strictObject(
            { address: addressSchema, balance: amountSchema },
            { error: (issue) => (issue.code === "invalid_type" ? "must be {address, balance}" : undefined) },
          ),
          { error: list("{address, balance}") },
        )
        .max(limits.maxBalances, { error: `at most ${limits.maxBalances} balances` }),
    },
    { error: (issue) => (issue.code === "invalid_type" ? "must be an object" : undefined) },
  )
  .superRefine((genesis, context) => {
    const empty = genesis.emptyBlockPeriodMs;
    if (empty !== undefined && empty !== 0 && empty < genesis.periodMs) {
      const message = `must be 0 (no empty blocks) or at least periodMs (${genesis.periodMs})`;
      context.addIssue({ code: "custom", path: ["emptyBlockPeriodMs"], message });
    }
    const twice = (keys: Uint8Array[], path: (index: number) => (string | number)[]) => {
      const index = firstDuplicate(keys);
      if (index >= 0) {
        context.addIssue({ code: "custom", path: path(index), message: "is listed twice: remove one" });
      }
    };
    twice(genesis.authorities, (index) => ["authorities", index]);
    twice(
      genesis.balances.map((entry) => entry.address),
      (index) => ["balances", index, "address"],
    );
    if (sumOfBalances(genesis.balances) > maxAmount) {
      const message = `their sum is above the largest amount, ${maxAmount}: lower them`;
      context.addIssue({ code: "custom", path: ["balances"], message });
    }
  });

/** genesis.json as JSON. */
export interface GenesisJson {
  name: string;
  periodMs?: number;
  epochLength?: number;
  emptyBlockPeriodMs?: number;
  maxBlockTransactions?: number;
  maxBlockBytes?: number;
  blockReward?: string;
  minFee?: string;
  authorities: string[];
  balances: { address: string; balance: string }[];
}

export interface Genesis {
  /** `authorities` ascend by their bytes, so that their order in the file does not matter. */
  config: ChainConfig;
  coinbase: Coinbase;
}

/**
 * @param value what `JSON.parse` made of a genesis.json; `file` names it in errors, `names` its fields.
 * @throws {UserError} `BAD_GENESIS`, one line with the field and what to do.
 */
export function parseGenesis(value: unknown, file: string, names?: Record<string, string>): Genesis {
  const result = genesisSchema.safeParse(value);
  if (!result.success) throw new UserError(`${file}: ${describeIssues(result.error, names)}`, "BAD_GENESIS");
  const { balances, emptyBlockPeriodMs, authorities, ...rest } = result.data;
  return {
    config: {
      ...rest,
      emptyBlockPeriodMs: emptyBlockPeriodMs ?? rest.periodMs,
      authorities: authorities.toSorted(compareBytes),
    },
    coinbase: { balances },
  };
}

/** @throws {UserError} `BAD_GENESIS`, also where the file cannot be read or is not JSON. */
export function readGenesisFile(file: string): Genesis {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const hint = 'write one with "ccoin genesis"';
    throw new UserError(`cannot read ${file} (${messageOf(error)}): ${hint}`, "BAD_GENESIS", {
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${lineOf(error)}`, "BAD_GENESIS", { cause: error });
  }
  return parseGenesis(value, file);
}
