import { once } from "node:events";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import type { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  keyPairFromSeed,
  type SignatureSet,
  verifySet,
  verifySignatures,
} from "../../../src/crypto/ed25519.ts";
import { packedBytes, unpack, type VerifyRequest } from "../../../src/crypto/verify-messages.ts";
import { VerifyPool, type VerifyPoolOptions } from "../../../src/crypto/verify-pool.ts";
import { type StartVerifyThread, startVerifyThread } from "../../../src/crypto/verify-thread.ts";

const pair = keyPairFromSeed(new Uint8Array(32).fill(1));
const message = new Uint8Array(32).fill(2);
const good: SignatureSet = { publicKey: pair.publicKey, message, signature: pair.sign(message) };
const bad: SignatureSet = { ...good, message: new Uint8Array(32) };
/** Bytes that are not a point of the curve. */
const noPoint = Uint8Array.of(2, ...new Uint8Array(31));

const many = (count: number, set = good) => new Array<SignatureSet>(count).fill(set);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The value of a promise that is settled by now. */
const settled = <T>(promise: Promise<T>) => Promise.race([promise, turn().then(() => "pending" as const)]);

function openPool(options: Partial<VerifyPoolOptions> = {}): VerifyPool {
  const pool = new VerifyPool({ threads: 2, ...options });
  onTestFinished(() => pool.close());
  return pool;
}

/** Threads that answer on command. */
class ManualThreads {
  readonly threads: {
    waiting: VerifyRequest[];
    answered: number[];
    ended: boolean;
    /** True while it keeps the process alive. */
    busy: boolean;
    die(): void;
    answer(): Promise<void>;
  }[] = [];

  readonly start: StartVerifyThread = (onAnswer, onEnd) => {
    const thread = {
      waiting: [] as VerifyRequest[],
      /** The number of signatures of each answered request. */
      answered: [] as number[],
      ended: false,
      busy: false,
      die: () => onEnd("died"),
      async answer() {
        const { packed } = thread.waiting.shift()!;
        const sets = Array.from({ length: packed.length / packedBytes }, (_, index) => unpack(packed, index));
        thread.answered.push(sets.length);
        onAnswer(Uint8Array.from(sets, (set) => Number(verifySet(set))));
        await turn();
      },
    };
    this.threads.push(thread);
    return {
      post: (request) => thread.waiting.push(request),
      hold: (busy) => {
        thread.busy = busy;
      },
      end: async () => {
        thread.ended = true;
        onEnd("ended");
      },
    };
  };
}

describe("VerifyPool", () => {
  it("checks a few at once without a thread", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const both = [pool.verify(many(10)), pool.verify([good, bad, good])] as const;
    await turn();
    expect(await settled(both[0])).toEqual(many(10).map(() => true));
    expect(await settled(both[1])).toEqual([true, false, true]);
    expect(manual.threads).toHaveLength(0);
  });

  it("joins the calls of a turn, splits what is large and sends the small ones first", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const large = pool.verify(many(600));
    const small = Array.from({ length: 20 }, () => pool.verify([good]));
    await turn();
    const [a, b] = manual.threads;
    const lengths = () =>
      manual.threads.map((t) => t.waiting.map(({ packed }) => packed.length / packedBytes));
    // Each thread has two messages of 620 signatures under way.
    expect(lengths()).toEqual([
      [128, 128],
      [128, 118],
    ]);
    await a!.answer();
    expect(await settled(Promise.all(small))).toEqual(small.map(() => [true]));
    while (a!.waiting.length + b!.waiting.length > 0) await (a!.waiting.length > 0 ? a : b)!.answer();
    expect([...a!.answered, ...b!.answered].reduce((sum, count) => sum + count)).toBe(620);
    expect(await settled(large)).toEqual(many(600).map(() => true));
  });

  it("splits nothing into parts that are too small for messages of their own", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const answered = async (count: number) => {
      const verdicts = pool.verify(many(count), "later");
      await turn();
      for (const thread of manual.threads) while (thread.waiting.length > 0) await thread.answer();
      expect(await settled(verdicts)).toEqual(many(count).map(() => true));
      return manual.threads.flatMap((thread) => thread.answered.splice(0));
    };
    expect(await answered(20)).toEqual([20]);
    expect(await answered(40)).toEqual([20, 20]);
  });

  it("checks blocks before all transactions that wait, and lets these take turns", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ threads: 1, start: manual.start });
    const done: string[] = [];
    const ask = (name: string, count: number, order: "first" | "later") =>
      void pool.verify(many(count), order).then(() => done.push(name));
    ask("flood", 2_000, "later");
    ask("flood too", 2_000, "later");
    ask("one transfer", 1, "later");
    await turn();
    ask("block", 300, "first");
    ask("vote", 1, "first");
    await turn();
    const [thread] = manual.threads;
    // Two messages of the flood are under way; the block is in the next three.
    for (let answered = 0; answered < 5; answered++) await thread!.answer();
    expect(done).toEqual(["vote", "block", "one transfer"]);
    while (thread!.waiting.length > 0) await thread!.answer();
    expect(done.slice(3).sort()).toEqual(["flood", "flood too"]);
    // The lone vote was checked at once without a thread.
    expect(thread!.answered.reduce((sum, count) => sum + count)).toBe(4_301);
  });

  it("does not check what has been found right by the time its turn comes", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ threads: 1, start: manual.start });
    const right = new Set<number>();
    // Two messages of 128 are under way when the rest is found right, but for three sets.
    const sets = [...many(300), ...many(100, bad)];
    const verdicts = pool.verify(sets, "later", (index) => right.has(index));
    await turn();
    const other = pool.verify(many(20), "later");
    for (let index = 256; index < 400; index++) right.add(index);
    for (const index of [256, 299, 399]) right.delete(index);
    const [thread] = manual.threads;
    while (thread!.waiting.length > 0) await thread!.answer();
    expect(await settled(verdicts)).toEqual([...many(399).map(() => true), false]);
    expect(await settled(other)).toEqual(many(20).map(() => true));
    expect(thread!.answered).toEqual([128, 128, 23]);
    // Nothing is left of the next ones, for a thread and here.
    for (const count of [100, 3]) {
      const all = pool.verify(many(count, bad), "later", () => true);
      await turn();
      expect(await settled(all)).toEqual(many(count).map(() => true));
    }
    expect(thread!.waiting).toEqual([]);
  });

  it("answers no question at once, and needs no thread for 16 signatures", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    expect(await Promise.race([pool.verify([]), Promise.resolve().then(() => "later")])).toEqual([]);
    const verdicts = pool.verify(many(16));
    await turn();
    expect(await settled(verdicts)).toEqual(many(16).map(() => true));
    expect(manual.threads).toHaveLength(0);
  });

  it("checks on the caller's thread what cannot be sent to another", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const short = { ...good, message: new Uint8Array(3), signature: pair.sign(new Uint8Array(3)) };
    expect(await settled(pool.verify([...many(20), short]))).toEqual(many(21).map(() => true));
    expect(manual.threads).toHaveLength(0);
  });

  it("starts a thread for a single signature if more calls like it follow, and then checks at most four at once", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const one = pool.verify([good], "threads");
    await turn();
    expect(manual.threads.map(({ waiting }) => waiting.length)).toEqual([1]);
    const four = pool.verify(many(4));
    await turn();
    expect(await settled(four)).toEqual(many(4).map(() => true));
    const five = pool.verify(many(5));
    await turn();
    expect(await settled(five)).toBe("pending");
    for (const thread of manual.threads) while (thread.waiting.length > 0) await thread.answer();
    expect([await settled(one), await settled(five)]).toEqual([[true], many(5).map(() => true)]);
  });

  it("keeps the process alive exactly while a thread has work", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ threads: 1, start: manual.start });
    void pool.verify(many(200));
    await turn();
    const [thread] = manual.threads;
    expect([thread!.waiting.length, thread!.busy]).toEqual([2, true]);
    await thread!.answer();
    expect(thread!.busy).toBe(true);
    await thread!.answer();
    expect(thread!.busy).toBe(false);
    void pool.verify(many(20));
    await turn();
    expect(thread!.busy).toBe(true);
  });

  it("finishes a block before it begins the next one", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ threads: 1, start: manual.start });
    const [first, second] = [pool.verify(many(256)), pool.verify(many(256))];
    await turn();
    for (let answered = 0; answered < 2; answered++) await manual.threads[0]!.answer();
    expect(await settled(first)).toEqual(many(256).map(() => true));
    expect(await settled(second)).toBe("pending");
  });

  it("gives up only the place of a thread that cannot run", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const verdicts = pool.verify(many(100));
    await turn();
    manual.threads[0]!.die();
    await turn();
    expect(await settled(verdicts)).toBe("pending");
    const [, other] = manual.threads;
    while (other!.waiting.length > 0) await other!.answer();
    expect(await settled(verdicts)).toEqual(many(100).map(() => true));
    // The other thread goes on.
    const more = pool.verify(many(40));
    await turn();
    expect(await settled(more)).toBe("pending");
    while (other!.waiting.length > 0) await other!.answer();
    expect(await settled(more)).toEqual(many(40).map(() => true));
    expect(manual.threads).toHaveLength(2);
  });

  it("does not answer what was asked in the turn in which it ends", async () => {
    const pool = openPool();
    const verdicts = pool.verify([good]);
    await pool.close();
    await turn();
    expect(await settled(verdicts)).toBe("pending");
  });

  it("repeats the work of a dead thread on a new one", async () => {
    const manual = new ManualThreads();
    const ends: unknown[] = [];
    const pool = openPool({ threads: 1, start: manual.start, onThreadEnd: (error) => ends.push(error) });
    const verdicts = pool.verify([...many(200), bad]);
    await turn();
    await manual.threads[0]!.answer();
    manual.threads[0]!.die();
    expect(manual.threads).toHaveLength(2);
    while (manual.threads[1]!.waiting.length > 0) await manual.threads[1]!.answer();
    expect(await settled(verdicts)).toEqual([...many(200).map(() => true), false]);
    expect(ends).toEqual(["died"]);
  });

  it("works without threads where none can run", async () => {
    const manual = new ManualThreads();
    const pool = openPool({ start: manual.start });
    const verdicts = pool.verify([...many(40), bad]);
    await turn();
    for (const thread of manual.threads) thread.die();
    expect(await settled(verdicts)).toEqual([...many(40).map(() => true), false]);
    expect(manual.threads).toHaveLength(2);
    const more = pool.verify(many(30));
    await turn();
    expect(await settled(more)).toEqual(many(30).map(() => true));
  });

  it("ends its threads, and answers nothing any more", async () => {
    const manual = new ManualThreads();
    const ends: unknown[] = [];
    const pool = openPool({ start: manual.start, onThreadEnd: (error) => ends.push(error) });
    const verdicts = pool.verify(many(600));
    await turn();
    await pool.close();
    expect(ends).toEqual([]);
    // Answers that were under way are late: what waited behind them is not sent, nor checked on the caller's thread.
    for (const thread of manual.threads) {
      await thread.answer();
      await thread.answer();
      expect(thread.waiting).toEqual([]);
    }
    expect(await settled(verdicts)).toBe("pending");
    expect(manual.threads.map(({ ended }) => ended)).toEqual([true, true]);
    expect(await settled(pool.verify(many(20)))).toBe("pending");
    // This cannot be sent to any thread, and is not checked either.
    expect(await settled(pool.verify([{ ...good, message: new Uint8Array(3) }]))).toBe("pending");
  });

  it.each([1, 2, 3])("gives the verdicts of verifySignatures, in order, with %i threads", async (threads) => {
    const pool = openPool({ threads });
    const kinds = [
      good,
      bad,
      { ...good, newKey: true, address: pair.publicKey },
      { ...good, address: noPoint },
      { address: pair.publicKey },
      { address: noPoint },
      { ...good, publicKey: noPoint, newKey: true },
      { ...good, message: new Uint8Array(3) },
      { address: new Uint8Array(3) },
    ];
    const sizes = [1, 3, 17, 40, 300];
    const calls = sizes.map((size) =>
      Array.from({ length: size }, (_, index) => kinds[(index * index + size) % (size > 40 ? 8 : 9)]!),
    );
    const verdicts = await Promise.all(calls.map((sets) => pool.verify(sets)));
    expect(verdicts).toEqual(await Promise.all(calls.map((sets) => verifySignatures(sets))));
    expect(verdicts.flat()).toContain(true);
    expect(await pool.verify([])).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")(
    "runs its threads at a lower priority than the caller's",
    async () => {
      const threads = () => readdirSync("/proc/self/task");
      const before = new Set(threads());
      const pool = openPool({ threads: 1 });
      expect(await pool.verify(many(40))).toEqual(many(40).map(() => true));
      const priorities = threads()
        .filter((thread) => !before.has(thread))
        .map((thread) => getPriority(Number(thread)));
      expect(priorities).toContain(Math.min(getPriority() + 5, 19));
    },
  );

  it("ends a real thread when it is told to", async () => {
    const ended = Promise.withResolvers<unknown>();
    const thread = startVerifyThread(() => undefined, ended.resolve);
    await thread.end();
    expect(await settled(ended.promise)).toBe("it exited");
  });

  it("lets the process end while a real thread has no work", async () => {
    const ports = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
    const before = ports();
    const thread = startVerifyThread(
      () => undefined,
      () => undefined,
    );
    thread.hold(false);
    expect(ports()).toBe(before);
    thread.hold(true);
    expect(ports()).toBe(before + 1);
    await thread.end();
  });

  it("starts a real thread with little memory, and hands it the memory of each request", async () => {
    const started = once(process, "worker") as Promise<[Worker]>;
    const answer = Promise.withResolvers<Uint8Array>();
    const thread = startVerifyThread(answer.resolve, answer.reject);
    const [{ resourceLimits }] = await started;
    expect(resourceLimits).toMatchObject({ maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 });
    const packed = new Uint8Array(packedBytes);
    thread.post({ packed });
    expect(packed.length).toBe(0);
    expect(await answer.promise).toEqual(Uint8Array.of(0));
    await thread.end();
  });

  it("replaces a real thread that is gone", async () => {
    const ends: unknown[] = [];
    let failed = false;
    const pool = openPool({
      threads: 1,
      onThreadEnd: (error) => ends.push(error),
      start: (onAnswer, onEnd) => {
        const thread = startVerifyThread(onAnswer, onEnd);
        return {
          ...thread,
          post: (request) => {
            // No thread can read this one.
            const unreadable = { buffer: new ArrayBuffer(1), length: packedBytes } as Uint8Array<ArrayBuffer>;
            thread.post(failed && ends.length === 0 ? { ...request, packed: unreadable } : request);
          },
        };
      },
    });
    expect(await pool.verify(many(40))).toEqual(many(40).map(() => true));
    failed = true;
    expect(await pool.verify(many(40))).toEqual(many(40).map(() => true));
    expect(ends).toEqual([expect.any(Error)]);
  });
});
