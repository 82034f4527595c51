import type { Verify, VerifyOrder } from "../crypto/ed25519.ts";
import type { Database, Prepared, Write } from "../storage/database.ts";
import type { MempoolStore } from "../storage/mempool.ts";
import {
  computeDomain,
  decodeRecords,
  type Transaction,
  type TransactionRecord,
  transactionRecords,
} from "../types/index.ts";
import type { ChainParameters } from "../types/parameters.ts";
import { inBackground } from "../util/background.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";
import { inSteps, type Pause } from "../util/slices.ts";
import { Additions } from "./additions.ts";
import {
  type AdmissionRules,
  fillWith,
  isOver,
  leastFee,
  paysAhead,
  refuseAdmission,
  refuseCheaply,
  refuseUnsigned,
} from "./admission.ts";
import { expired } from "./expiry.ts";
import { FeeFloor } from "./fee-floor.ts";
import { type Decided, HeadFollower, type IncludedAndRetracted } from "./head-follower.ts";
import { IncludedTransactions } from "./included.ts";
import { Journal } from "./journal.ts";
import type { MempoolLimits } from "./limits.ts";
import { Overdrawn } from "./overdrawn.ts";
import { Pool } from "./pool.ts";
import { PoolEntry } from "./pool-entry.ts";
import { SignatureChecks } from "./signature-checks.ts";
import type {
  AccountLookup,
  AddOutcome,
  MempoolEvents,
  NonceGap,
  Source,
  StoredBatch,
  TransactionLog,
} from "./types.ts";

const none: readonly StoredBatch[] = [];
/** From this fill on, transactions that nobody can pay for any more are removed. */
const pressedFill = 0.25;
/** The interval at which entries are checked for having waited too long. */
const expiryIntervalMs = 60_000;

export interface MempoolOptions {
  /** The parameters by which the next block is executed; they change by vote. */
  config: Pick<ChainParameters, "minFee">;
  genesisId: Uint8Array;
  limits: MempoolLimits;
  /** Looks up accounts in the head's state. */
  account: AccountLookup;
  /** The height of the head. */
  height(): number;
  verify: Verify;
  database: Database;
  store: MempoolStore;
  clock: Clock;
  logger: Logger;
  log: TransactionLog;
  /** Lets other work run within a long task. */
  pause: Pause;
}

/** By default, the transaction comes now, and has replaced none that is on disk. */
interface InsertOptions {
  receivedAtMs?: number;
  hides?: readonly StoredBatch[];
}

/** The transactions that wait for a block. */
export class Mempool {
  readonly events: Emitter<MempoolEvents>;
  readonly #options: MempoolOptions;
  readonly #pool: Pool;
  readonly #rules: AdmissionRules;
  readonly #overdrawn: Overdrawn;
  readonly #domain: Uint8Array;
  #sequence = 0;
  /** The chain's least fee when the pool was last checked for lower ones. */
  #minFee: bigint;
  #stopExpiry: () => void = () => undefined;
  #stopped = false;
  readonly #signatures: SignatureChecks;
  readonly #included = new IncludedTransactions();
  readonly #journal: Journal;
  readonly #follower: HeadFollower;

  constructor(options: MempoolOptions) {
    this.#options = options;
    this.events = new Emitter(options.logger);
    this.#minFee = options.config.minFee;
    this.#pool = new Pool(options.account);
    this.#rules = { ...options, pool: this.#pool, floor: new FeeFloor(options.clock) };
    this.#overdrawn = new Overdrawn(this.#pool, options.account);
    this.#signatures = new SignatureChecks(
      options.verify,
      [this.#pool, this.#included],
      (address) => options.account(address) !== undefined,
    );
    this.#journal = new Journal({ ...options, pool: this.#pool });
    this.#follower = new HeadFollower(this.#pool, this.#journal, options.log, (record) =>
      this.#insert(record),
    );
    this.#domain = computeDomain("transaction", options.genesisId);
  }

  /**
   * Loads the acknowledged transactions, drops those that no block can include any more, and begins to check for those
   * that wait too long.
   */
  async start(): Promise<void> {
    const { database, account, clock, limits } = this.#options;
    const stored: { batch: StoredBatch; ids: Hex[] }[] = [];
    for await (const { batch, records } of this.#journal.load(this.#domain)) {
      stored.push({ batch, ids: records.map(({ idHex }) => idHex) });
      for (const record of records) {
        const { from, nonce } = record.transaction.message;
        if (nonce < (account(from)?.nonce ?? 0)) continue;
        const replaced = this.#pool.queue(from)?.get(nonce);
        if (replaced) this.#journal.release(replaced);
        const entry = this.#insert(record, { receivedAtMs: batch.receivedAtMs });
        this.#journal.join(entry, batch);
      }
    }
    // This comes after all are read, so that transactions that they have replaced do not return either.
    for (const entry of [...this.#pool.entries()]) if (isOver(entry, this.#rules)) this.#drop(entry);
    for (const queue of [...this.#pool.queues()])
      for (const entry of expired(queue, account, clock.now() - limits.lifetimeMs)) this.#drop(entry);
    const writes: Write[] = [];
    for (const { batch, ids } of stored) {
      const kept = ids.flatMap((id) => {
        const entry = this.#pool.get(id);
        return entry?.batch === batch ? [entry] : [];
      });
      if (kept.length === 0) writes.push(...this.#journal.deletion(batch));
      else if (kept.length < ids.length) writes.push(this.#journal.rewrite(batch, kept));
    }
    await database.commit(writes);
    this.#rise();
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

  /** The number of accounts with transactions here: `executable` looks at each of them. */
  get senders(): number {
    return this.#pool.senders;
  }

  /** The least fee with which any transfer is accepted now. */
  get leastFee(): bigint {
    return leastFee(this.#rules);
  }

  get(id: Hex): PoolEntry | undefined {
    return this.#pool.get(id);
  }

  /** A transaction that waits, whose signature is being checked, or that is in a block that is not final. */
  byShortId(shortId: Uint8Array): TransactionRecord | undefined {
    return this.#signatures.byShortId(shortId);
  }

  /** All entries, in the order of arrival. */
  entries(): Iterable<PoolEntry> {
    return this.#pool.entries();
  }

  /** The nonce that the account's next transaction should have. */
  pendingNonce(address: Uint8Array): number {
    return this.#pool.nextNonce(address);
  }

  /** Transactions that a block can include now, best paid first. */
  async executable(): Promise<Iterable<TransactionRecord>> {
    return recordsOf(await this.executableEntries());
  }

  /** The entries of `executable`, for those who do not need the record of each. */
  executableEntries(): Promise<Iterable<PoolEntry>> {
    const { limits, pause } = this.#options;
    return this.#pool.executable(limits.sliceTransactions, pause);
  }

  /** The number of transactions that wait for a missing nonce, with one of them; undefined if there are none. */
  get nonceGap(): NonceGap | undefined {
    const entry = this.#pool.firstAhead;
    const queue = entry?.queue;
    if (!queue) return undefined;
    const { address } = queue;
    const missing = this.#pool.nextNonce(address);
    return { count: this.#pool.aheadCount, idHex: entry.idHex, address, nonce: entry.nonce, missing };
  }

  /** True if a block could include a transaction now. */
  get hasExecutable(): boolean {
    return this.#pool.hasExecutable;
  }

  /**
   * The records of an encoded `Transactions` list. They keep `list`, which must not change. @throws {RangeError} if it
   * is no such list.
   */
  decode(list: Uint8Array): TransactionRecord[] {
    return decodeRecords(list, this.#domain);
  }

  records(transactions: readonly Transaction[]): TransactionRecord[] {
    return transactionRecords(transactions, this.#domain);
  }

  /**
   * Verdicts on the signatures of transactions, wherever they come from; none that is known here is checked again.
   * Blocks use the order `first`.
   */
  verify(records: readonly TransactionRecord[], order: VerifyOrder = "first"): Promise<boolean[]> {
    return this.#signatures.verdicts(records, order);
  }

  /**
   * Adds transactions; one outcome each, in order. Those from `local` are on disk, synced, once this resolves.
   * Signatures are checked at once, and what they sign is added `after` that.
   * @throws {CodedError} `WRITE_FAILED`: none was accepted.
   */
  async add(
    records: readonly TransactionRecord[],
    source: Source,
    after?: Promise<unknown>,
  ): Promise<AddOutcome[]> {
    const durable = source === "local";
    const refusals = records.map((record) => {
      const refusal = refuseCheaply(record, this.#rules);
      // That it waits is a promise, which counts once others cannot take the transaction back any more.
      return refusal?.code === "ALREADY_KNOWN" ? undefined : refusal;
    });
    const verdicts = await this.#signatures.verdicts(
      records.filter((_, index) => refusals[index] === undefined),
      "later",
    );
    await after;
    const additions = new Additions(this.#pool, this.#journal, this.#options.log);
    let next = 0;
    const outcomes = records.map((record, index): AddOutcome => {
      const outcome = refusals[index] ?? this.#admit(record, verdicts[next++]!, durable, additions);
      if (durable && !outcome.accepted && outcome.code === "ALREADY_KNOWN") additions.acknowledge(record);
      return outcome;
    });
    const fresh = await additions.commit();
    if (fresh.length > 0) this.events.emit("added", { records: fresh, source });
    return outcomes;
  }

  /**
   * Takes part in a change of the head: included transactions leave, and retracted ones return. `after` are the
   * accounts after it.
   */
  async prepare(
    change: IncludedAndRetracted,
    after: { get: AccountLookup },
    pause: Pause,
  ): Promise<() => Prepared> {
    const decide = await this.#follower.decide(change, (address) => after.get(address), pause);
    return () => {
      const decided = decide();
      return { writes: decided.writes, applied: () => this.#follow(change, decided) };
    };
  }

  /** Takes part in finality: the blocks up to this one do not change any more. */
  prepareFinal({ height }: { height: number }): Prepared {
    return { writes: [], applied: () => this.#included.finalize(height) };
  }

  /**
   * Follows a change of the head that is on disk, in one turn: whoever adds a transaction must find each queue as the
   * head has left it. What returns is in the queues already.
   */
  #follow(change: IncludedAndRetracted, decided: Decided): void {
    this.#included.update(change);
    decided.logged.applied();
    for (const [at, { records }] of change.applied.entries())
      this.#journal.commit(this.#follower.include(records, decided.taken[at]!, decided));
    const returned = this.#follower.returned();
    this.#overdrawn.update(change);
    const unpaid = fillWith(0, 0, this.#rules) >= pressedFill ? this.#overdrawn.take() : [];
    const over = this.#over(returned.flatMap(({ entries }) => entries));
    this.#dropAll([...unpaid, ...over], this.#strandedBehind(decided.ended));
    for (const { records: back, entries } of returned) {
      const records = back.filter((_, index) => entries[index]!.queue);
      if (records.length > 0) this.events.emit("added", { records, source: "retracted" });
    }
  }

  /** Repeats the checks whose result may have changed while the signature was checked, and inserts. */
  #admit(record: TransactionRecord, isSigned: boolean, durable: boolean, additions: Additions): AddOutcome {
    if (!isSigned) return refuseUnsigned(record);
    const { from, nonce } = record.transaction.message;
    const queue = this.#pool.queue(from);
    const refusal = refuseAdmission(record, queue, this.#rules);
    if (refusal) return { ...refusal, isSigned: true };
    const replaced = queue?.get(nonce);
    const entry = this.#insert(record, replaced && { hides: hiddenBy(replaced) });
    additions.add(record, entry, replaced, durable);
    this.#rise();
    return { accepted: true, record };
  }

  #insert(
    record: TransactionRecord,
    { receivedAtMs = this.#options.clock.now(), hides = none }: InsertOptions = {},
  ): PoolEntry {
    const entry = new PoolEntry(record, { receivedAtMs, hides, sequence: this.#sequence++ });
    this.#pool.insert(entry);
    return entry;
  }

  /** Records that the pool has grown. */
  #rise(): void {
    this.#rules.floor.rise(fillWith(0, 0, this.#rules), this.#rules.config.minFee);
  }

  #scheduleExpiry(): void {
    if (this.#stopped) return;
    this.#stopExpiry = this.#options.clock.after(expiryIntervalMs, () => {
      const { limits, pause } = this.#options;
      const expiry = inSteps(this.#expire(), limits.sliceTransactions, pause);
      inBackground(expiry.finally(() => this.#scheduleExpiry()));
    });
  }

  *#expire(): Iterable<number> {
    const { clock, limits, account } = this.#options;
    const oldestMs = clock.now() - limits.lifetimeMs;
    for (const queue of [...this.#pool.queues()]) {
      yield queue.size;
      this.#journal.commit(expired(queue, account, oldestMs).flatMap((entry) => this.#drop(entry)));
    }
  }

  /**
   * Entries that no block can include any more: they have ended, or a vote has raised the least fee above theirs.
   * `returned` are from blocks that may have been made when it was lower.
   */
  #over(returned: readonly PoolEntry[]): PoolEntry[] {
    const over = this.#pool.endedAt(this.#rules.height());
    const { minFee } = this.#rules.config;
    const suspects = minFee > this.#minFee ? this.#pool.entries() : returned;
    for (const entry of suspects) if (entry.fee < minFee) over.push(entry);
    this.#minFee = minFee;
    return over;
  }

  /** The entries behind retracted transactions of these senders that have ended. */
  #strandedBehind(senders: readonly Uint8Array[]): PoolEntry[] {
    const queues = new Set(senders.map((address) => this.#pool.queue(address)));
    return [...queues].flatMap((queue) => (queue ? this.#pool.strand(queue) : []));
  }

  /**
   * Drops entries that no block will include. Later ones of the same sender then wait for a missing nonce, as those do
   * that are `stranded` already. Those that do not pay for such a place are dropped too; otherwise a first transaction
   * that ends would get the others a free place.
   */
  #dropAll(entries: readonly PoolEntry[], stranded: PoolEntry[]): void {
    const left = new Set<StoredBatch>();
    for (const entry of entries) {
      for (const follower of this.#pool.drop(entry)) stranded.push(follower);
      this.#journal.leave(entry, left);
    }
    for (const entry of stranded.reverse()) {
      if (!this.#pool.isAhead(entry) || paysAhead(entry, this.#rules)) continue;
      this.#pool.drop(entry);
      this.#journal.leave(entry, left);
    }
    this.#journal.compact(left);
  }

  /** Drops one entry like `#dropAll`; what is left on disk is deleted at the next start. */
  #drop(entry: PoolEntry): Write[] {
    this.#pool.drop(entry);
    return this.#journal.release(entry);
  }
}

function* recordsOf(entries: Iterable<PoolEntry>): Iterable<TransactionRecord> {
  for (const { record } of entries) yield record;
}

/** Batches on disk that hold the transaction of an entry that is being replaced, or others that it has replaced. */
function hiddenBy({ hides, batch }: PoolEntry): readonly StoredBatch[] {
  const kept = hides.filter(({ waiting }) => waiting > 0);
  return batch ? [...kept, batch] : kept;
}
