import type { Verify } from "../crypto/ed25519.ts";
import { signatureSet, type TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import { shortKey, shortKeyOf } from "./short-key.ts";

/** A transaction whose signature is being checked. `place`: in the list that `verdicts` are of. */
interface Check {
  record: TransactionRecord;
  verdicts: Promise<boolean[]>;
  place: number;
}

/** Finds transactions whose signatures were checked before. */
export interface CheckedBefore {
  byShortId(shortId: Uint8Array): TransactionRecord | undefined;
  has(idHex: Hex): boolean;
}

/**
 * Checks signatures of transactions, wherever they are from, and each once: not those that were checked before, and what several ask for
 * at the same time, such as a message and the block after it, for all of them.
 */
export class SignatureChecks {
  readonly #verify: Verify;
  readonly #before: readonly CheckedBefore[];
  /** By the short id. */
  readonly #underWay = new Map<string, Check>();

  constructor(verify: Verify, before: readonly CheckedBefore[]) {
    this.#verify = verify;
    this.#before = before;
  }

  /** One that was checked, or is being checked. */
  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    for (const checked of this.#before) {
      const record = checked.byShortId(shortId);
      if (record) return record;
    }
    return this.#underWay.get(shortKeyOf(shortId))?.record;
  }

  /** One verdict each, in order. */
  async verdicts(records: readonly TransactionRecord[]): Promise<boolean[]> {
    const known = records.map((record) => this.#known(record));
    if (known.every((verdict) => !verdict)) return this.#check(records);
    const fresh = await this.#check(records.filter((_, index) => !known[index]));
    const verdicts: boolean[] = [];
    let next = 0;
    for (const verdict of known) {
      if (verdict === true) verdicts.push(true);
      else verdicts.push(verdict ? (await verdict.verdicts)[verdict.place]! : fresh[next++]!);
    }
    return verdicts;
  }

  #known({ idHex }: TransactionRecord): true | Check | undefined {
    if (this.#before.some((checked) => checked.has(idHex))) return true;
    const check = this.#underWay.get(shortKey(idHex));
    return check?.record.idHex === idHex ? check : undefined;
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
