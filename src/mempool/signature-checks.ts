import type { Verify, VerifyOrder } from "../crypto/ed25519.ts";
import { shortKeyOf, signatureSet, type TransactionRecord } from "../types/index.ts";
import { CheckedLately } from "./checked-lately.ts";

/** A transaction whose signature is being checked. `place` is its index in the list that `verdicts` belongs to. */
interface Check {
  record: TransactionRecord;
  verdicts: Promise<boolean[]>;
  place: number;
  order: VerifyOrder;
}

/** Finds transactions whose signatures were checked before. */
export interface CheckedBefore {
  byShortId(shortId: Uint8Array): TransactionRecord | undefined;
  has(record: TransactionRecord): boolean;
}

/**
 * Checks signatures of transactions, wherever they come from, and each only once. Transactions that were checked before
 * are not checked again, and one check serves all messages and blocks that request it at the same time. A call with
 * order `first` never waits for a check with order `later`: a block must not wait for the messages that its
 * transactions arrived in.
 */
export class SignatureChecks {
  readonly #verify: Verify;
  readonly #before: readonly CheckedBefore[];
  readonly #isAccount: (address: Uint8Array) => boolean;
  /** Checks by the short id. */
  readonly #underWay = new Map<string, Check>();
  readonly #lately = new CheckedLately();

  /** `isAccount` tells whether the address is an account of this chain. */
  constructor(verify: Verify, before: readonly CheckedBefore[], isAccount: (address: Uint8Array) => boolean) {
    this.#verify = verify;
    this.#isAccount = isAccount;
    this.#before = before;
  }

  /** A transaction that was checked, or is being checked. */
  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    for (const checked of this.#before) {
      const record = checked.byShortId(shortId);
      if (record) return record;
    }
    return this.#underWay.get(shortKeyOf(shortId))?.record;
  }

  /** One verdict per record, in order. */
  async verdicts(records: readonly TransactionRecord[], order: VerifyOrder): Promise<boolean[]> {
    const known = records.map((record) => this.#known(record, order));
    const fresh = await this.#check(
      records.filter((_, index) => !known[index]),
      order,
    );
    const verdicts: boolean[] = [];
    let next = 0;
    for (const verdict of known) {
      if (verdict === true) verdicts.push(true);
      else verdicts.push(verdict ? (await verdict.verdicts)[verdict.place]! : fresh[next++]!);
    }
    return verdicts;
  }

  #known(record: TransactionRecord, order: VerifyOrder): true | Check | undefined {
    if (this.#lately.has(record) || this.#before.some((checked) => checked.has(record))) return true;
    const check = this.#underWay.get(record.shortKey);
    if (check?.record.idHex !== record.idHex || (order === "first" && check.order === "later"))
      return undefined;
    return check;
  }

  async #check(records: readonly TransactionRecord[], order: VerifyOrder): Promise<boolean[]> {
    const sets = records.map((record) => signatureSet(record, this.#isAccount));
    const verdicts = this.#verify(sets, order, (place) => this.#lately.has(records[place]!));
    const checks = records.map((record, place): Check => ({ record, verdicts, place, order }));
    for (const check of checks) this.#underWay.set(check.record.shortKey, check);
    try {
      const found = await verdicts;
      for (const [place, isRight] of found.entries()) if (isRight) this.#lately.add(records[place]!);
      return found;
    } finally {
      for (const check of checks) {
        const { shortKey } = check.record;
        if (this.#underWay.get(shortKey) === check) this.#underWay.delete(shortKey);
      }
    }
  }
}
