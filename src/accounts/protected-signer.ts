import type { Address } from "../crypto/address.ts";
import { SigningError } from "../types/errors.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import { SerialQueue } from "../util/serial-queue.ts";
import { DoubtfulVotes, type HeardRounds } from "./doubtful-votes.ts";
import type { HeaderSigning, ProtectedSigner, VoteSigning } from "./protected-signer-types.ts";
import {
  checkHeaderSigning,
  checkVoteSigning,
  emptyRecord,
  type HeaderEntry,
  type ProtectionRecord,
  type VoteEntry,
} from "./protection.ts";
import type { ProtectionStore } from "./protection-store.ts";
import type { Signer } from "./signer.ts";

/** Two polls of the peers' statuses: one peer may know what another has not heard of yet. */
export const defaultListenMs = 10_000;

export interface ProtectedSignerOptions {
  signer: Signer;
  store: ProtectionStore;
  clock: Clock;
  logger: Logger;
  /** The slot of a time in ms since the Unix epoch. */
  slotOf(timeMs: number): number;
  /**
   * If this account is the only authority: the rounds with a result that it can have made in this time. Otherwise
   * undefined.
   */
  roundsAlone?(elapsedMs: number): number | undefined;
  /** The result of `checkDataIdentity`. Without it, the data is assumed to be the data that signed last. */
  identity?: { reasons: readonly string[]; note(): Promise<void> };
  /** The time for which the node listens for rounds once the record is in doubt. */
  listenMs?: number;
}

export async function createProtectedSigner(options: ProtectedSignerOptions): Promise<ProtectedSigner> {
  const { signer, store, clock, identity } = options;
  const record = (await store.load(signer.publicKey)) ?? emptyRecord(clock.now());
  const taken = new Set<number>();
  for await (const { slot } of store.headers(signer.publicKey)) if (slot > record.floorSlot) taken.add(slot);
  const protectedSigner = new StoredSigner(options, record, taken);
  if (identity) {
    if (identity.reasons.length > 0) await protectedSigner.raiseDoubt(identity.reasons.join("; "));
    // This must happen last: after a crash before it, a copy would take itself for the original.
    await identity.note();
  }
  return protectedSigner;
}

class StoredSigner implements ProtectedSigner {
  readonly #options: ProtectedSignerOptions;
  readonly #queue = new SerialQueue();
  readonly #votes: DoubtfulVotes;
  readonly #startSlot: number;
  readonly #startedMs: number;
  readonly #listenMs: number;
  #record: ProtectionRecord;
  /** Slots above the floor in which a header was signed. */
  readonly #taken: Set<number>;
  /** Signatures seen from this slot on must have their entries; earlier entries may have been pruned. */
  #watchedSlot: number;
  #watchedRound: number;
  /** Another copy is signing right now, so this one has stopped. */
  #stopped: string | undefined;

  constructor(options: ProtectedSignerOptions, record: ProtectionRecord, taken: Set<number>) {
    const { clock, listenMs } = options;
    this.#options = options;
    this.#record = record;
    this.#taken = taken;
    this.#startSlot = options.slotOf(clock.now());
    this.#watchedSlot = Math.min(this.#startSlot, record.slot) + 1;
    this.#watchedRound = record.targetRound + 1;
    this.#startedMs = clock.now();
    this.#listenMs = listenMs ?? defaultListenMs;
    this.#votes = new DoubtfulVotes({ clock, listenMs: this.#listenMs });
  }

  get publicKey(): Uint8Array {
    return this.#options.signer.publicKey;
  }

  get address(): Address {
    return this.#options.signer.address;
  }

  get lastSourceRound(): number {
    return this.#record.sourceRound;
  }

  get lastTargetRound(): number {
    return this.#record.votedRound;
  }

  get refusedToRound(): number {
    return this.#record.targetRound;
  }

  get doubt() {
    if (this.#stopped) return { headers: true, votes: true, reason: this.#stopped, isFinal: true };
    const { floorSlot, votesDoubtfulSinceMs } = this.#record;
    const { clock, slotOf } = this.#options;
    const headers = floorSlot >= slotOf(clock.now());
    const votes = votesDoubtfulSinceMs !== undefined;
    if (!headers && !votes) return undefined;
    return {
      headers,
      votes,
      reason: "this data may be older than the last signature of its account",
      isFinal: false,
    };
  }

  freeSlotFrom(slot: number): number {
    let free = Math.max(slot, this.#record.floorSlot + 1);
    while (this.#taken.has(free)) free++;
    return free;
  }

  signHeader({ slot, root }: HeaderSigning): Promise<Uint8Array> {
    return this.#queue.run(async () => {
      this.#checkStopped();
      const signed = this.#taken.has(slot) ? await this.#options.store.headersIn(this.publicKey, slot) : [];
      if (checkHeaderSigning(this.#record, signed, { slot, root }) === "new") {
        const entry = { slot, root: Uint8Array.from(root) };
        const last = slot > this.#record.slot ? { slot, slotRoot: entry.root } : {};
        await this.#save(last, { headers: [entry] });
        this.#taken.add(slot);
      }
      return this.#options.signer.sign(root);
    });
  }

  signFinalityVote({ sourceRound, targetRound, root }: VoteSigning): Promise<Uint8Array> {
    return this.#queue.run(async () => {
      this.#checkStopped();
      await this.#settleVotes();
      if (checkVoteSigning(this.#record, { sourceRound, targetRound, root }) === "new") {
        const entry = { sourceRound, targetRound, root: Uint8Array.from(root) };
        await this.#save(
          { sourceRound, targetRound, targetRoot: entry.root, votedRound: targetRound },
          { votes: [entry] },
        );
      }
      return this.#options.signer.sign(root);
    });
  }

  hearRounds(heard: HeardRounds): void {
    this.#votes.hear(heard);
  }

  observeHeader(header: HeaderSigning): Promise<void> {
    return this.#queue.run(async () => {
      const { store } = this.#options;
      const { slot } = header;
      if (slot < this.#watchedSlot) return;
      if (await store.hasHeader(this.publicKey, header)) return;
      if (slot > this.#startSlot) return this.#stop(`a header in slot ${slot}`);
      await this.raiseDoubt(`a header of this account in slot ${slot} is not recorded here`);
    });
  }

  observeVote(vote: VoteSigning, votedAfterMs?: number): Promise<void> {
    return this.#queue.run(async () => {
      const { store } = this.#options;
      const { targetRound, sourceRound } = vote;
      // A later source must be respected even if the target's round is refused already.
      if (targetRound < this.#watchedRound && sourceRound <= this.#record.sourceRound) return;
      if (await store.hasVote(this.publicKey, vote)) return;
      if (votedAfterMs !== undefined && votedAfterMs > this.#startedMs + this.#listenMs)
        return this.#stop(`a vote in round ${targetRound}`);
      this.#votes.atLeast({ sourceRound, targetRound });
      if (this.#record.votesDoubtfulSinceMs === undefined)
        await this.raiseDoubt(`a vote of this account in round ${targetRound} is not recorded here`);
    });
  }

  prune(below: { slot: number; targetRound: number }): Promise<void> {
    return this.#queue.run(async () => {
      await this.#raiseFloor(below.slot - 1);
      await this.#options.store.prune(this.publicKey, below);
      this.#watchedSlot = Math.max(this.#watchedSlot, below.slot);
      this.#watchedRound = Math.max(this.#watchedRound, below.targetRound);
    });
  }

  /** Signatures may exist that are not recorded. Refuses the slots up to now, and votes until the network was heard. */
  async raiseDoubt(reason: string): Promise<void> {
    const { clock, slotOf, logger } = this.#options;
    const { slot, timeMs, votesDoubtfulSinceMs } = this.#record;
    await this.#raiseFloor(Math.max(slot, slotOf(clock.now())), {
      votesDoubtfulSinceMs: votesDoubtfulSinceMs ?? timeMs,
    });
    this.#watchedSlot = this.#record.floorSlot + 1;
    this.#votes.restart();
    logger.error(
      { address: this.address, reason, lastRecordMs: timeMs, refusedToSlot: this.#record.floorSlot },
      `THIS NODE'S DATA MAY BE OLDER THAN THE LAST SIGNATURE OF ITS ACCOUNT (${reason}). To avoid a contradiction, it signs no block in the running period, and no finality vote until it has heard votes that more than two thirds of the authorities sign from now on (if it is the only authority: the answer of another node). Make sure that no other copy of this node is running`,
    );
  }

  async #settleVotes(): Promise<void> {
    const since = this.#record.votesDoubtfulSinceMs;
    if (since === undefined) return;
    const roundsAlone = this.#options.roundsAlone?.(this.#options.clock.now() - since);
    const { sourceRound, targetRound } = this.#votes.settle(this.#record, roundsAlone);
    await this.#save({
      sourceRound,
      targetRound,
      targetRoot: undefined,
      // Other authorities that wait for this account's vote reach these rounds over time. A sole authority goes there
      // by itself.
      ...(roundsAlone !== undefined && { votedRound: targetRound }),
      votesDoubtfulSinceMs: undefined,
    });
    this.#watchedRound = targetRound + 1;
    this.#options.logger.warn(
      { address: this.address, refusedToRound: targetRound },
      `votes again, but only in rounds above ${targetRound}: the account may have voted in earlier ones`,
    );
  }

  #stop(what: string): void {
    if (this.#stopped) return;
    this.#stopped = `another copy of this node signs with its account (${what} was not signed here)`;
    this.#options.logger.error(
      { address: this.address },
      `SIGNING STOPPED: ${this.#stopped}. Stop the other copy, then start this node again`,
    );
  }

  #checkStopped(): void {
    if (this.#stopped) throw new SigningError("SIGNING_DOUBTFUL", this.#stopped);
  }

  async #raiseFloor(slot: number, change: Partial<ProtectionRecord> = {}): Promise<void> {
    await this.#save({ ...change, floorSlot: Math.max(this.#record.floorSlot, slot) });
    for (const taken of this.#taken) if (taken <= this.#record.floorSlot) this.#taken.delete(taken);
  }

  /** The record in memory follows the disk: after a failed write it is that of the signatures that left. */
  async #save(
    change: Partial<ProtectionRecord>,
    entries?: { headers?: HeaderEntry[]; votes?: VoteEntry[] },
  ): Promise<void> {
    const next = { ...this.#record, timeMs: this.#options.clock.now(), ...change };
    await this.#options.store.save(this.publicKey, next, entries);
    this.#record = next;
  }
}
