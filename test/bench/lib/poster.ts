import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { PostRequest } from "./requests.ts";

export interface PostPlan {
  host: string;
  port: number;
  connections: number;
  requests: readonly PostRequest[];
  /** How far a request may be ahead of the first unanswered one, since nonces that arrive too early are refused. */
  maxAhead: number;
  /** Throws for an answer that refuses something; `checkAnswer` by default. */
  check?(answer: Buffer): void;
  /** Waits until more may be sent. */
  mayPost?(): Promise<unknown> | undefined;
  onAccepted?(transactions: number): void;
}

export interface Posted {
  /** The time of each request from its first byte to the end of its answer. */
  answerMs: number[];
  /** The sum of the posting times of all transactions, by `performance.now()`. */
  sumOfPostTimesMs: number;
}

const headEnd = Buffer.from("\r\n\r\n");

/**
 * Posts over raw keep-alive connections, one request at a time on each, which costs little on a machine that the node
 * shares.
 * @throws if an answer refuses a transaction
 */
export async function postAll(plan: PostPlan): Promise<Posted> {
  const { requests, maxAhead, check = checkAnswer, mayPost, onAccepted } = plan;
  const sockets = await Promise.all(Array.from({ length: plan.connections }, () => open(plan)));
  const posted: Posted = { answerMs: [], sumOfPostTimesMs: 0 };
  const answered = new AnsweredRequests();
  let next = 0;
  const work = async (socket: Socket) => {
    const answers = new AnswerReader(socket);
    for (;;) {
      await mayPost?.();
      const index = next++;
      const request = requests[index];
      if (!request) return;
      await answered.until(index - maxAhead);
      const sentAt = performance.now();
      posted.sumOfPostTimesMs += sentAt * request.transactions;
      socket.write(request.bytes);
      const answer = await answers.next();
      posted.answerMs.push(performance.now() - sentAt);
      check(answer);
      answered.add(index);
      onAccepted?.(request.transactions);
    }
  };
  try {
    await Promise.all(sockets.map(work));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return posted;
}

/** Tracks which requests, counted from 0, have their answers. */
export class AnsweredRequests {
  readonly #early = new Set<number>();
  #waiting: { index: number; resolve(): void }[] = [];
  /** The first unanswered request. */
  #first = 0;

  add(index: number): void {
    this.#early.add(index);
    while (this.#early.delete(this.#first)) this.#first++;
    this.#waiting = this.#waiting.filter(({ index: wanted, resolve }) => {
      if (wanted >= this.#first) return true;
      resolve();
      return false;
    });
  }

  /** Resolves once this request and all before it are answered. */
  async until(index: number): Promise<void> {
    if (index < this.#first) return;
    await new Promise<void>((resolve) => this.#waiting.push({ index, resolve }));
  }
}

async function open({ host, port }: PostPlan): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** @throws with the node's text */
export function checkAnswer(answer: Buffer): void {
  const body = answer.subarray(answer.indexOf(headEnd) + headEnd.length);
  const accepted = answer.toString("latin1", 9, 12) === "202";
  const list = body.includes('"rejected":');
  if (accepted && (!list || body.includes('"rejected":[]'))) return;
  const shown = list ? body.subarray(body.indexOf('"rejected":')) : body;
  throw new Error(
    `a post was refused: ${answer.toString("latin1", 9, 12)} ${shown.toString("utf8", 0, 300)}`,
  );
}

/** Reads the complete answers of a connection one after another. */
class AnswerReader {
  #read: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Buffer): void; reject(error: Error): void } | undefined;

  constructor(socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.#read = this.#read.length === 0 ? chunk : Buffer.concat([this.#read, chunk]);
      const length = answerLength(this.#read);
      if (length === undefined || this.#read.length < length) return;
      const answer = this.#read.subarray(0, length);
      this.#read = this.#read.subarray(length);
      this.#waiting?.resolve(answer);
    });
    const fail = () => this.#waiting?.reject(new Error("the node closed the connection"));
    socket.on("error", fail);
    socket.on("close", fail);
  }

  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}

/** Returns the length of an answer with a `content-length`; undefined while its head is incomplete. */
export function answerLength(read: Buffer): number | undefined {
  const end = read.indexOf(headEnd);
  if (end < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(read.toString("latin1", 0, end))?.[1];
  if (length === undefined) throw new Error("an answer without content-length");
  return end + headEnd.length + Number(length);
}
