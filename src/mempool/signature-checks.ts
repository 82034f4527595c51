import type { Verify } from "../crypto/ed25519.ts";
import { hexOfShortId, signatureSet, type TransactionRecord } from "../types/index.ts";

/** A transaction whose signature is being checked. `place`: in the list that `verdicts` are of. */
interface Check {
  record: TransactionRecord;
  verdicts: Promise<boolean[]>;
  place: number;
}

/** Finds transactions whose signatures were checked before. */
export interface CheckedBefore {
  byShortId(shortId: Uint8Array): TransactionRecord | undefined;
  has(record: TransactionRecord): boolean;
}

/**
 * Checks signatures of transactions, wherever they are from, and each once: not those that were checked before, and what several ask for
 * at the same time, such as a message and the block after it, for all of them.
 */
export class SignatureChecks {
  readonly #verify: Verify;
  readonly #before: readonly CheckedBefore[];
  readonly #isAccount: (address: Uint8Array) => boolean;
  /** By the short id. */
  readonly #underWay = new Map<string, Check>();

  /** `isAccount`: an account of this chain has the address. */
  constructor(verify: Verify, before: readonly CheckedBefore[], isAccount: (address: Uint8Array) => boolean) {
    this.#verify = verify;
    this.#isAccount = isAccount;
    this.#before = before;
  }

  /** One that was checked, or is being checked. */
  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    for (const checked of this.#before) {
      const record = checked.byShortId(shortId);
      if (record) return record;
    }
    return this.#underWay.get(hexOfShortId(shortId))?.record;
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

  #known(record: TransactionRecord): true | Check | undefined {
    if (this.#before.some((checked) => checked.has(record))) return true;
    const check = this.#underWay.get(record.shortIdHex);
    return check?.record.idHex === record.idHex ? check : undefined;
  }

  async #check(records: readonly TransactionRecord[]): Promise<boolean[]> {
    const verdicts = this.#verify(records.map((record) => signatureSet(record, this.#isAccount)));
    const checks = records.map((record, place): Check => ({ record, verdicts, place }));
    for (const check of checks) this.#underWay.set(check.record.shortIdHex, check);
    try {
      return await verdicts;
    } finally {
      for (const check of checks) {
        const { shortIdHex } = check.record;
        if (this.#underWay.get(shortIdHex) === check) this.#underWay.delete(shortIdHex);
      }
    }
  }
}
