import type { Process } from "../../e2e/harness/process.ts";
import type { Context } from "../figure.ts";
import type { PostRequest } from "../lib/requests.ts";

/** The forms in which transfers are posted: one by one, 100 in a list, or as the program's own binary lists. */
export const forms = {
  single: { perRequest: 1, connections: 32 },
  batch: { perRequest: 100, connections: 32 },
  binary: { perRequest: 1_000, connections: 4 },
} as const;
export type Form = keyof typeof forms;

/** Many enough that every request that is under way has senders of its own, so that nonces arrive in order. */
export const senders = 3_200;

/** A program that is compared. */
export interface Program {
  name: string;
  forms: readonly Form[];
  /** Cells of the table in words. */
  does: Does;
  /** Makes a node with empty data, which does not run yet. `count` transfers are signed for it. */
  create(context: Context, count: number): Promise<Instance>;
}

export interface Does {
  /** The way it was run. */
  mode: string;
  /** Its work for one transfer. */
  work: string;
  /** The place of a transfer when its answer is sent. */
  answer: string;
  /** The way in which a transfer becomes final. */
  finality: string;
}

/** The measurement that a process is started for, since a program may have a better mode for it. */
export type Purpose = "load" | "lone" | "kill";

/** A node of a program with its data. */
export interface Instance {
  port: number;
  /** Starts its process in a group of its own. */
  start(purpose: Purpose): Process;
  /** Resolves to true once it answers a question about its chain. */
  answers(): Promise<boolean>;
  /** Gives the senders their balances, once. */
  pay?(): Promise<void>;
  /** Returns the requests that post the transfers `first` to before `end`. */
  requests(form: Form, first: number, end: number): PostRequest[];
  /** @throws for an answer that refuses a transfer */
  checkAnswer(answer: Buffer): void;
  /** Waits until more may be posted. */
  mayPost?(posted: number): Promise<unknown> | undefined;
  /** Begins to make blocks, for a program that makes none by itself; returns a function that ends it. */
  makeBlocks?(): () => Promise<void>;
  /** Resolves to the time at which all transfers before `end` were in blocks, by `performance.now()`. */
  committed(end: number): Promise<number>;
  /** Resolves to true if a transfer is in a block or waits for one. */
  knows(index: number): Promise<boolean>;
  /** Ends the process in order; returns once it has ended. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}
