import type { Verify } from "../crypto/ed25519.ts";
import { signatureSet, type TransactionRecord } from "../types/index.ts";
import { shortKey, shortKeyOf } from "./short-key.ts";

/** A transaction whose signature is being checked. `place`: in the list that `verdicts` are of. */
interface Check {
  record: TransactionRecord;
  verdicts: Promise<boolean[]>;
  place: number;
}

/** Checks signatures of transactions. What several ask for at the same time, such as a message and the block after it, is checked once. */
export class SignatureChecks {
  readonly #verify: Verify;
  /** By the short id. */
  readonly #underWay = new Map<string, Check>();

  constructor(verify: Verify) {
    this.#verify = verify;
  }

  /** One that is being checked. */
  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#underWay.get(shortKeyOf(shortId))?.record;
  }

  /** One verdict each, in order. */
  async verdicts(records: readonly TransactionRecord[]): Promise<boolean[]> {
    const known = records.map(({ idHex }) => {
      const check = this.#underWay.get(shortKey(idHex));
      return check?.record.idHex === idHex ? check : undefined;
    });
    if (known.every((check) => !check)) return this.#check(records);
    const fresh = await this.#check(records.filter((_, index) => !known[index]));
    const verdicts: boolean[] = [];
    let next = 0;
    for (const check of known) verdicts.push(check ? (await check.verdicts)[check.place]! : fresh[next++]!);
    return verdicts;
  }

  async #check(records: readonly TransactionRecord[]): Promise<boolean[]> {
    const verdicts = this.#verify(records.map(signatureSet));
    const checks = records.map((record, place): Check => ({ record, verdicts, place }));
    for (const check of checks) this.#underWay.set(shortKey(check.record.idHex), check);
    try {
      return await verdicts;
    } finally {
      for (const check of checks) {
        const key = shortKey(check.record.idHex);
        if (this.#underWay.get(key) === check) this.#underWay.delete(key);
      }
    }
  }
}
