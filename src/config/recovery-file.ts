import * as z from "zod";
import { type Address, encodeAddress } from "../crypto/address.ts";
import { type ChainParameters, Recovery, rootOf, zero32 } from "../types/index.ts";
import { compareBytes, fromHex, type Hex, toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { readJsonFile } from "./json-file.ts";
import { parameterLimits } from "./parameter-limits.ts";
import { addressSchema, describeIssues, parameterShape, unlessOfType, wholeNumber } from "./schema.ts";

const noId = { error: "must be an id: 0x and 64 hex digits" };
const id = z
  .string(noId)
  .regex(/^0x[0-9a-fA-F]{64}$/, noId)
  .transform((text) => fromHex(text.toLowerCase()));
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const rules = wholeNumber(1, parameterLimits.maxRules);
const parameters = z.strictObject(
  { ...parameterShape, rules },
  unlessOfType("must be an object with all parameters"),
);
const list = (what: string) => `must be a list of ${what}`;

const fileSchema = z.strictObject({
  genesisId: id,
  recoveries: z
    .array(
      z.strictObject(
        {
          id,
          block: z.strictObject({ height: count, id }, { error: "must be {height, id}" }),
          round: count,
          authorities: z
            .array(addressSchema, { error: list("addresses") })
            .min(1, { error: "name one at least" }),
          parameters,
        },
        unlessOfType("must be {id, block, round, authorities, parameters}"),
      ),
      { error: list("recoveries") },
    )
    .min(1, { error: "there is none" }),
});

const hint = 'name the file that "ccoin recover" has written and all operators have agreed on';

/** One recovery in a file. `previous` is the id of the one before it in the list. */
export interface RecoveryJson {
  id: Hex;
  block: { height: number; id: Hex };
  round: number;
  authorities: Address[];
  parameters: ParametersJson;
}

/** Parameters as JSON: amounts are decimal strings. */
export type ParametersJson = Omit<ChainParameters, "blockReward" | "minFee"> & {
  blockReward: string;
  minFee: string;
};

/** A recovery file as JSON: all recoveries of a chain, oldest first. */
export interface RecoveryFileJson {
  genesisId: Hex;
  recoveries: RecoveryJson[];
}

/**
 * Checks the rules that a person's mistake can break, each with a message of its own; the id covers all other fields.
 * @throws {UserError} `BAD_RECOVERY`
 */
export function parseRecoveries(value: unknown, file: string): Recovery[] {
  if (typeof value !== "object" || value === null || !("recoveries" in value))
    throw new UserError(`${file} is not a recovery file: ${hint}`, "BAD_RECOVERY");
  const result = fileSchema.safeParse(value);
  if (!result.success) throw bad(file, describeIssues(result.error));
  const { genesisId, recoveries } = result.data;
  let previous: Uint8Array = zero32;
  return recoveries.map(({ id, block, round, authorities, parameters }, index) => {
    const sorted = authorities.toSorted(compareBytes);
    const recovery = { genesisId, previous, block, round, authorities: sorted, parameters };
    previous = rootOf(Recovery, recovery);
    if (toHex(previous) !== toHex(id))
      throw bad(
        file,
        `recoveries[${index}].id: what the file says has the id ${toHex(previous)}: it was changed after it was written`,
      );
    return recovery;
  });
}

/** @throws {UserError} `BAD_RECOVERY`, also if the file cannot be read or is not JSON. */
export function readRecoveryFile(file: string): Recovery[] {
  return parseRecoveries(readJsonFile(file, "BAD_RECOVERY", hint), file);
}

/** Writes the format that `parseRecoveries` reads. */
export function recoveryFile(genesisId: Uint8Array, recoveries: readonly Recovery[]): RecoveryFileJson {
  return { genesisId: toHex(genesisId), recoveries: recoveries.map(recoveryJson) };
}

export function recoveryJson(recovery: Recovery): RecoveryJson {
  const { block, round, authorities, parameters } = recovery;
  return {
    id: toHex(rootOf(Recovery, recovery)),
    block: { height: block.height, id: toHex(block.id) },
    round,
    authorities: authorities.map(encodeAddress),
    parameters: parametersJson(parameters),
  };
}

export function parametersJson({ blockReward, minFee, ...numbers }: ChainParameters): ParametersJson {
  return { ...numbers, blockReward: blockReward.toString(), minFee: minFee.toString() };
}

function bad(file: string, why: string): UserError {
  return new UserError(`${file}: ${why}`, "BAD_RECOVERY");
}
