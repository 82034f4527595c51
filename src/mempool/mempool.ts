import type { Verify } from "../crypto/ed25519.ts";
import type { Database, Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import type { ChainConfig } from "../types/genesis.ts";
import {
  computeDomain,
  type Transaction,
  type TransactionRecord,
  transactionRecord,
} from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { checkAdmission, checkCheaply, checkForm, refusal, refuse } from "./admission.ts";
import { Eviction } from "./eviction.ts";
import { expired } from "./expiry.ts";
import { HeadFollower, type IncludedAndRetracted } from "./head-follower.ts";
import type { MempoolLimits } from "./limits.ts";
import { Pool } from "./pool.ts";
import type { AccountLookup, AddOutcome, MempoolEvents, PoolEntry, Source, TransactionLog } from "./types.ts";

/** How often entries are looked through for those that have waited too long. */
const expiryIntervalMs = 60_000;

export interface MempoolOptions {
  config: Pick<ChainConfig, "minFee">;
  genesisId: Uint8Array;
  limits: MempoolLimits;
  /** Of the head's state. */
  account: AccountLookup;
  verify: Verify;
  database: Database;
  store: MempoolStore;
  clock: Clock;
  log?: TransactionLog;
}

/** The transactions that wait for a block. */
export class Mempool {
  readonly events = new Emitter<MempoolEvents>();
  readonly #options: MempoolOptions;
  readonly #pool: Pool;
  readonly #eviction: Eviction;
  readonly #domain: Uint8Array;
  #sequence = 0;
  #stopExpiry: () => void = () => undefined;
  #stopped = false;
  readonly #follower: HeadFollower;

  constructor(options: MempoolOptions) {
    this.#options = options;
    this.#pool = new Pool(options.account);
    this.#eviction = new Eviction(this.#pool, options.limits);
    this.#follower = new HeadFollower(this.#pool, options);
    this.#domain = computeDomain("transaction", options.genesisId);
  }

  /** Loads what was acknowledged before, forgets what can be in no block any more, and begins to look for what waits too long. */
  async start(): Promise<void> {
    const { store, database, account } = this.#options;
    const stored: { record: TransactionRecord; receivedAtMs: number }[] = [];
    for await (const { transaction, receivedAtMs } of store.all())
      stored.push({ record: transactionRecord(transaction, this.#domain), receivedAtMs });
    stored.sort((a, b) => a.receivedAtMs - b.receivedAtMs);
    for (const { record, receivedAtMs } of stored) {
      const { from, nonce } = record.transaction.message;
      if (nonce >= (account(from)?.nonce ?? 0)) this.#insert(record, receivedAtMs, true);
    }
    const gone = stored.filter(({ record }) => !this.#pool.get(record.idHex));
    await database.commit(gone.map(({ record }) => store.delete(record.id)));
    this.#scheduleExpiry();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopExpiry();
  }

  get count(): number {
    return this.#pool.count;
  }

  get bytes(): number {
    return this.#pool.bytes;
  }

  get(id: Hex): PoolEntry | undefined {
    return this.#pool.get(id);
  }

  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#pool.byShortId(shortId)?.record;
  }

  /** All entries, in the order of arrival. */
  entries(): Iterable<PoolEntry> {
    return this.#pool.entries();
  }

  /** The nonce that the account's next transaction should have. */
  pendingNonce(address: Uint8Array): number {
    return this.#pool.nextNonce(address);
  }

  /** What a block can hold now, best paid first. */
  executable(): Iterable<TransactionRecord> {
    return this.#pool.executable();
  }

  /** Whether a block could hold a transaction now. */
  get hasExecutable(): boolean {
    return this.#pool.hasExecutable;
  }

  /**
   * Takes transactions in; one outcome each, in order. Those from `local` are on disk, synced, once this resolves.
   * @throws {CodedError} `WRITE_FAILED`: none was taken.
   */
  async add(transactions: readonly Transaction[], source: Source): Promise<AddOutcome[]> {
    const durable = source === "local";
    const outcomes = transactions.map((transaction) => this.#precheck(transaction));
    const checked = outcomes.filter((outcome) => outcome.accepted);
    const verdicts = await this.#options.verify(
      checked.map(({ record }) => ({
        publicKey: record.transaction.message.from,
        message: record.signingRoot,
        signature: record.transaction.signature,
      })),
    );
    const verified = new Map(checked.map((outcome, index) => [outcome, verdicts[index]]));
    const step: Step = { writes: [], added: [], madeDurable: [] };
    const results = outcomes.map((precheck): AddOutcome => {
      const outcome =
        precheck.accepted && verified.get(precheck) ? this.#admit(precheck.record, durable, step) : precheck;
      if (outcome.accepted && outcome === precheck)
        return refuse("INVALID_SIGNATURE", "the signature does not match", outcome.record);
      if (durable && !outcome.accepted && outcome.code === "ALREADY_KNOWN")
        this.#makeDurable(outcome.record, step);
      return outcome;
    });
    const records = step.added.map(({ entry }) => entry.record);
    if (step.writes.length > 0) {
      step.writes.push(...(this.#options.log?.record(records) ?? []));
      await this.#commit(step);
    } else if (records.length > 0) this.#options.log?.append(records);
    if (records.length > 0) this.events.emit("added", { records, source });
    return results;
  }

  /** What a change of the head does to the stored entries: to be written in one batch with it. `after`: the accounts after it. */
  writesFor(change: IncludedAndRetracted, after: AccountLookup): Write[] {
    return this.#follower.writesFor(change, after);
  }

  /** Follows a change of the head: what is in blocks leaves, what was retracted comes back. */
  update(change: IncludedAndRetracted): void {
    this.#eviction.reset();
    const { writes, back } = this.#follower.update(change, (record) =>
      this.#insert(record, this.#options.clock.now(), true),
    );
    // One that fails stops the node, and the next start finds what is in blocks.
    void this.#options.database.commit(writes).catch(() => undefined);
    if (back.length > 0) this.events.emit("added", { records: back, source: "retracted" });
  }

  #precheck(transaction: Transaction): AddOutcome {
    try {
      checkForm(transaction);
    } catch (error) {
      return refusal(error);
    }
    const record = transactionRecord(transaction, this.#domain);
    const { account, config } = this.#options;
    try {
      checkCheaply(record, this.#pool, account, config);
      return { accepted: true, record };
    } catch (error) {
      return refusal(error, record);
    }
  }

  /** Checks again what may have changed while the signature was checked, and inserts. */
  #admit(record: TransactionRecord, durable: boolean, { writes, added }: Step): AddOutcome {
    const { account, limits, config, store, clock } = this.#options;
    try {
      const replaced = checkAdmission(record, this.#pool, account, limits, config);
      if (!replaced && !this.#eviction.makeRoom(record)) {
        return refuse(
          "MEMPOOL_FULL",
          `${this.#pool.count} transactions wait; try again later, or pay a higher fee`,
          record,
        );
      }
      if (replaced?.durable) writes.push(store.delete(replaced.record.id));
      // Whoever replaces an acknowledged transaction inherits the promise.
      const entry = this.#insert(record, clock.now(), durable || replaced?.durable === true);
      if (entry.durable) writes.push(store.put(record.id, record.transaction, entry.receivedAtMs));
      added.push({ entry, replaced });
      return { accepted: true, record };
    } catch (error) {
      return refusal(error, record);
    }
  }

  #insert(record: TransactionRecord, receivedAtMs: number, durable: boolean): PoolEntry {
    const entry = { record, receivedAtMs, durable, sequence: this.#sequence++ };
    this.#pool.insert(entry);
    return entry;
  }

  /** Stored again where it is durable already: its first writing may not have ended, and the answer has to wait for it. */
  #makeDurable(record: TransactionRecord | undefined, { writes, madeDurable }: Step): void {
    const entry = record && this.#pool.get(record.idHex);
    if (!entry) return;
    if (!entry.durable) madeDurable.push(entry);
    entry.durable = true;
    writes.push(this.#options.store.put(entry.record.id, entry.record.transaction, entry.receivedAtMs));
  }

  async #commit({ writes, added, madeDurable }: Step): Promise<void> {
    try {
      await this.#options.database.commit(writes);
    } catch (error) {
      for (const entry of madeDurable) entry.durable = false;
      for (const { entry, replaced } of added.reverse()) {
        if (this.#pool.get(entry.record.idHex) !== entry) continue;
        this.#pool.remove(entry);
        if (replaced) this.#pool.insert(replaced);
      }
      this.#eviction.reset();
      throw error;
    }
  }

  #scheduleExpiry(): void {
    if (this.#stopped) return;
    this.#stopExpiry = this.#options.clock.after(expiryIntervalMs, () => {
      void this.#expire().finally(() => this.#scheduleExpiry());
    });
  }

  async #expire(): Promise<void> {
    const { clock, limits, account, store, database } = this.#options;
    const entries = expired(this.#pool, account, clock.now() - limits.lifetimeMs);
    for (const entry of entries) this.#pool.remove(entry);
    const writes = entries.filter(({ durable }) => durable).map(({ record }) => store.delete(record.id));
    this.#eviction.reset();
    await database.commit(writes).catch(() => undefined);
  }
}

/** What one call of `add` does. */
interface Step {
  writes: Write[];
  added: Added[];
  /** Entries that were here, but not stored. */
  madeDurable: PoolEntry[];
}

interface Added {
  entry: PoolEntry;
  replaced: PoolEntry | undefined;
}
