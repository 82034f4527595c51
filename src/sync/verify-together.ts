import type { SignatureSet, Verify } from "../crypto/ed25519.ts";

/** The same verifier, but what is asked for at once is verified as one batch: a batch of one costs as much as one of many. */
export function verifyTogether(verify: Verify): Verify {
  let sets: SignatureSet[] = [];
  let verdicts: Promise<boolean[]> | undefined;
  return async (own) => {
    const start = sets.length;
    for (const set of own) sets.push(set);
    verdicts ??= Promise.resolve().then(() => {
      const all = sets;
      sets = [];
      verdicts = undefined;
      return verify(all);
    });
    return (await verdicts).slice(start, start + own.length);
  };
}
