/** Makes the contents of protocols/vectors/ from the reference. `scripts/make-vectors.ts` writes them. */
import { makeChain } from "./make/chain.ts";
import { makeFinality } from "./make/finality.ts";
import { makeKeys } from "./make/keys.ts";
import { makeRecoveries } from "./make/recovery.ts";
import { makeTypes } from "./make/types.ts";
import { makeWire } from "./make/wire.ts";

const json = (value: unknown) => `${JSON.stringify(value, undefined, 1)}\n`;

/** Resolves to the texts of the files, by name. */
export async function makeVectors(): Promise<Record<string, string>> {
  const made = await makeChain();
  const recoveries = await makeRecoveries(made);
  const finality = await makeFinality(made);
  return {
    "chain.json": json(made.chain),
    "recovery.json": json(recoveries),
    "finality.json": json(finality),
    "keys.json": json(makeKeys()),
    "types.json": json(await makeTypes(made)),
    "wire.json": json(await makeWire(made, finality, recoveries)),
  };
}
