import { type IsRight, type Verify, verifySet, verifySignatures } from "./ed25519.ts";
import { type AnySet, isPackable, pack, packedBytes } from "./verify-messages.ts";
import { type StartVerifyThread, startVerifyThread, type VerifyThread } from "./verify-thread.ts";

/** Calls of at most this many signatures go before larger ones, so that headers and votes do not wait for blocks. */
const smallCall = 16;
/**
 * At most this many signatures of small calls are checked on the caller's thread. This takes a millisecond, and an idle
 * node needs no threads.
 */
const maxHere = 16;
/** While threads run, at most this many signatures are checked on the caller's thread: a message would cost more. */
const maxHereBesideThreads = 4;
/** Signatures in a message: 7 ms of work. Nothing waits long behind it, and the cost of the message is negligible. */
const maxSlice = 128;
/** Signatures in the smallest part of what is split. With half of it, nodes that share cores took a tenth more CPU. */
const minSlice = 16;
/** Messages under way to a thread, so that it finds the next one when it has answered one. */
const depth = 2;

/** One call of `verify`. */
interface Call {
  sets: readonly AnySet[];
  verdicts: boolean[];
  /** The number of verdicts that are still missing. */
  left: number;
  resolve(verdicts: boolean[]): void;
  isRight: IsRight | undefined;
}

/** Sets of a call, `end` excluded. */
interface Range {
  call: Call;
  start: number;
  end: number;
}

/** The place of a thread; it is started when it is first needed. */
interface Slot {
  thread: VerifyThread | undefined;
  /** The contents of each message under way. */
  jobs: Range[][];
  hasAnswered: boolean;
}

export interface VerifyPoolOptions {
  threads: number;
  start?: StartVerifyThread;
  /** Called when a thread has died. Its work is done again. */
  onThreadEnd?: (error: unknown) => void;
}

/**
 * Checks signatures on threads of its own, and a few at once on the caller's thread. Calls made in one turn of the
 * event loop, and calls made while all threads are busy, share messages; large calls are split among the threads.
 */
export class VerifyPool {
  readonly #options: VerifyPoolOptions;
  #slots: Slot[];
  readonly #small: Range[] = [];
  readonly #large: Range[] = [];
  /**
   * Calls take turns, one slice each, so that a call with many signatures, or a caller with many calls, delays the
   * others little.
   */
  readonly #later: Range[] = [];
  #flushing = false;
  #closed = false;

  constructor(options: VerifyPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.threads }, () => emptySlot());
  }

  readonly verify: Verify = (sets, order, isRight) => {
    if (sets.length === 0) return Promise.resolve([]);
    // Nobody waits for an answer after the end. Checking the rest on the caller's thread could take minutes.
    if (this.#closed) return new Promise(() => undefined);
    if (!sets.every(isPackable)) return verifySignatures(sets);
    return new Promise((resolve) => {
      const call: Call = { sets, verdicts: new Array(sets.length), left: sets.length, resolve, isRight };
      const isSmall = sets.length <= smallCall && order !== "threads";
      const first = isSmall ? this.#small : this.#large;
      const queue = order === "later" ? this.#later : first;
      queue.push({ call, start: 0, end: sets.length });
      if (this.#flushing) return;
      this.#flushing = true;
      setImmediate(() => this.#flush());
    });
  };

  /** Ends the threads. Calls that they have not answered stay unanswered, so that nobody takes them for refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#slots.map(({ thread }) => thread?.end()));
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const isRunning = this.#slots.some(({ thread }) => thread);
    const few = isRunning ? maxHereBesideThreads : maxHere;
    for (const queue of [this.#small, this.#later]) if (lengthOf(queue) <= few) this.#checkHere(queue);
    this.#dispatch();
  }

  #dispatch(): void {
    if (this.#slots.length === 0) {
      for (const queue of this.#queues()) this.#checkHere(queue);
      return;
    }
    for (let slot = this.#freeSlot(); slot; slot = this.#freeSlot()) {
      const ranges = this.#take();
      if (ranges.length === 0) break;
      this.#post(slot, ranges);
    }
  }

  /** The least busy slot that has room. */
  #freeSlot(): Slot | undefined {
    const slot = this.#slots.reduce((a, b) => (b.jobs.length < a.jobs.length ? b : a));
    return slot.jobs.length < depth ? slot : undefined;
  }

  /** The next slice of the waiting work. */
  #take(): Range[] {
    const waiting = this.#queues().reduce((sum, queue) => sum + lengthOf(queue), 0);
    const part = Math.max(Math.ceil(waiting / this.#slots.length), minSlice);
    // The part takes the rest too if that would be too little for a message of its own.
    let room = Math.min(waiting - part < minSlice ? waiting : part, maxSlice);
    const ranges: Range[] = [];
    for (const queue of this.#queues()) {
      while (room > 0 && queue.length > 0) {
        const range = queue[0]!;
        const taken = this.#takeFrom(range, room);
        if (taken.end > taken.start) ranges.push(taken);
        room -= taken.end - taken.start;
        if (range.start === range.end) queue.shift();
        else if (queue === this.#later) queue.push(queue.shift()!);
      }
    }
    return ranges;
  }

  /** Takes the next sets of a range, `most` of them or fewer, and settles those before them that were found right. */
  #takeFrom(range: Range, most: number): Range {
    const { call, end } = range;
    while (range.start < end && call.isRight?.(range.start)) this.#settle(call, range.start++, true);
    const { start } = range;
    const limit = Math.min(end, start + most);
    while (range.start < limit && !call.isRight?.(range.start)) range.start++;
    return { call, start, end: range.start };
  }

  #post(slot: Slot, ranges: Range[]): void {
    slot.thread ??= this.#start(slot);
    if (slot.jobs.push(ranges) === 1) slot.thread.hold(true);
    const packed = new Uint8Array(lengthOf(ranges) * packedBytes);
    let at = 0;
    for (const { call, start, end } of ranges) {
      for (let index = start; index < end; index++) pack(packed, at++, call.sets[index]!);
    }
    slot.thread.post({ packed });
  }

  #start(slot: Slot): VerifyThread {
    slot.hasAnswered = false;
    return (this.#options.start ?? startVerifyThread)(
      (verdicts) => this.#onAnswer(slot, verdicts),
      (error) => this.#onEnd(slot, error),
    );
  }

  #onAnswer(slot: Slot, verdicts: Uint8Array): void {
    if (this.#closed) return;
    slot.hasAnswered = true;
    const ranges = slot.jobs.shift()!;
    if (slot.jobs.length === 0) slot.thread!.hold(false);
    let at = 0;
    for (const { call, start, end } of ranges) {
      for (let index = start; index < end; index++) this.#settle(call, index, verdicts[at++] === 1);
    }
    this.#dispatch();
  }

  /**
   * Puts the thread's work back in front of all other work. A thread that ended before its first answer would end
   * again, so its slot is given up.
   */
  #onEnd(slot: Slot, error: unknown): void {
    if (this.#closed) return;
    for (const ranges of slot.jobs.toReversed()) this.#small.unshift(...ranges);
    slot.thread = undefined;
    slot.jobs = [];
    if (!slot.hasAnswered) this.#slots = this.#slots.filter((each) => each !== slot);
    this.#options.onThreadEnd?.(error);
    this.#dispatch();
  }

  #settle(call: Call, index: number, verdict: boolean): void {
    call.verdicts[index] = verdict;
    if (--call.left === 0) call.resolve(call.verdicts);
  }

  /** The queues in the order of their turns. */
  #queues(): Range[][] {
    return [this.#small, this.#large, this.#later];
  }

  /** Checks on the caller's thread. */
  #checkHere(queue: Range[]): void {
    for (const { call, start, end } of queue.splice(0))
      for (let index = start; index < end; index++)
        this.#settle(call, index, call.isRight?.(index) || verifySet(call.sets[index]!));
  }
}

function emptySlot(): Slot {
  return { thread: undefined, jobs: [], hasAnswered: false };
}

function lengthOf(ranges: readonly Range[]): number {
  let length = 0;
  for (const { start, end } of ranges) length += end - start;
  return length;
}
