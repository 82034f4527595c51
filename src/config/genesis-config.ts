import * as z from "zod";
import type { GenesisPayload } from "../types/genesis.ts";
import { firstRules } from "../types/parameters.ts";
import { maxAmount } from "../types/primitives.ts";
import { compareBytes } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { chainLimits, firstDuplicate, isName, sumOfBalances } from "./chain-limits.ts";
import { commandLine } from "./command.ts";
import { readJsonFile } from "./json-file.ts";
import {
  addressSchema,
  amountSchema,
  describeIssues,
  parameterShape,
  unlessOfType,
  wholeNumber,
} from "./schema.ts";

/** Ten minutes. */
export const defaultPeriodMs = 600_000;
/** The least fee of chains that `ccoin genesis` writes. A genesis.json that sets no least fee gets 0. */
export const defaultMinFee = 1n;
/** The value of EIP-225. */
const defaultEpochLength = 30_000;
const defaultSymbol = "CC";

const limits = chainLimits;
const nameRule = `must be a text of 1 to ${limits.maxNameBytes} bytes (UTF-8) without control characters`;
const symbolRule = `must be a text of 1 to ${limits.maxSymbolBytes} bytes (UTF-8) without control characters`;
const name = textSchema(nameRule, limits.maxNameBytes);

const list = (what: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? `is missing: list ${what}` : `must be a list of ${what}`;

/** genesis.json as people write it; every field but `name`, `authorities` and `balances` has a default. */
const genesisSchema = z
  .strictObject(
    {
      name,
      symbol: textSchema(symbolRule, limits.maxSymbolBytes).default(new TextEncoder().encode(defaultSymbol)),
      decimals: wholeNumber(0, limits.maxDecimals, "digits after the point").default(0),
      slotMs: parameterShape.periodMs.optional(),
      periodMs: parameterShape.periodMs.default(defaultPeriodMs),
      epochLength: wholeNumber(1, limits.maxEpochLength, "blocks").default(defaultEpochLength),
      emptyBlockPeriodMs: parameterShape.emptyBlockPeriodMs.optional(),
      maxBlockTransactions: parameterShape.maxBlockTransactions.default(limits.maxBlockTransactions / 2),
      maxBlockBytes: parameterShape.maxBlockBytes.default(limits.maxBlockBytes / 2),
      blockReward: parameterShape.blockReward.default(0n),
      minFee: parameterShape.minFee.default(0n),
      authorities: z
        .array(addressSchema, { error: list("addresses") })
        .min(1, { error: "name at least one authority, or nobody can make blocks" })
        .max(limits.maxAuthorities, { error: `at most ${limits.maxAuthorities} authorities` }),
      balances: z
        .array(
          z.strictObject(
            { address: addressSchema, balance: amountSchema },
            unlessOfType("must be {address, balance}"),
          ),
          { error: list("{address, balance}") },
        )
        .max(limits.maxBalances, { error: `at most ${limits.maxBalances} balances` }),
      names: z
        .array(z.strictObject({ address: addressSchema, name }, unlessOfType("must be {address, name}")), {
          error: list("{address, name}"),
        })
        .max(limits.maxNames, { error: `at most ${limits.maxNames} names` })
        .default([]),
    },
    unlessOfType("must be an object"),
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
    if (genesis.slotMs !== undefined && genesis.slotMs > genesis.periodMs) {
      const message = `must be at most periodMs (${genesis.periodMs})`;
      context.addIssue({ code: "custom", path: ["slotMs"], message });
    }
    twice(genesis.authorities, (index) => ["authorities", index]);
    twice(
      genesis.names.map((entry) => entry.address),
      (index) => ["names", index, "address"],
    );
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
  symbol?: string;
  decimals?: number;
  slotMs?: number;
  periodMs?: number;
  epochLength?: number;
  emptyBlockPeriodMs?: number;
  maxBlockTransactions?: number;
  maxBlockBytes?: number;
  blockReward?: string;
  minFee?: string;
  authorities: string[];
  balances: { address: string; balance: string }[];
  names?: { address: string; name: string }[];
}

/**
 * The authorities of the result ascend by their bytes, so that their order in the file does not matter.
 * @param value the result of `JSON.parse`; `file` names the file in errors, `fieldNames` its fields.
 * @throws {UserError} `BAD_GENESIS`, one line with the field and what to do.
 */
export function parseGenesis(
  value: unknown,
  file?: string,
  fieldNames?: Record<string, string>,
): GenesisPayload {
  const result = genesisSchema.safeParse(value);
  if (!result.success) {
    const issues = describeIssues(result.error, fieldNames);
    throw new UserError(file === undefined ? issues : `${file}: ${issues}`, "BAD_GENESIS");
  }
  const { name, symbol, decimals, epochLength, balances, authorities, names, ...rest } = result.data;
  const { slotMs = rest.periodMs, ...parameters } = rest;
  const { emptyBlockPeriodMs = parameters.periodMs } = parameters;
  return {
    config: {
      name,
      symbol,
      decimals,
      slotMs,
      epochLength,
      parameters: { ...parameters, emptyBlockPeriodMs, rules: firstRules },
      authorities: authorities.toSorted(compareBytes),
      names: names.toSorted((a, b) => compareBytes(a.address, b.address)),
    },
    coinbase: { balances },
  };
}

function textSchema(rule: string, maxBytes: number) {
  return z
    .string({ error: rule })
    .transform((text) => new TextEncoder().encode(text))
    .refine((bytes) => isName(bytes, maxBytes), { error: rule });
}

/** @throws {UserError} `BAD_GENESIS`, also if the file cannot be read or is not JSON. */
export function readGenesisFile(file: string): GenesisPayload {
  return parseGenesis(readJsonFile(file, "BAD_GENESIS", `write one with "${commandLine("genesis")}"`), file);
}
