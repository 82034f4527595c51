import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../figure.ts";
import { postAll } from "../lib/poster.ts";
import type { PostRequest } from "../lib/requests.ts";
import { mean } from "../lib/statistics.ts";
import { cpuOfGroup, memoryOfGroup, untilAnswers } from "./process-group.ts";
import { type Form, forms, type Instance, type Program, type Purpose, senders } from "./program.ts";

export interface Plan {
  /** The number of timed transfers in each form, and of those before them, after which V8 has compiled the code. */
  count: number;
  warmUp: number;
  /** The time without work before the memory is read. */
  idleMs: number;
  /** The number of transfers that are posted one at a time. */
  lone: number;
  /** The number of kills at once, and of those a moment later. */
  kills: number;
}

interface Rate {
  perSecond: number;
  cpuMs: number;
}

/** The measurements of one round. */
export interface Round {
  /** From the start of the process on new data to its first answer. */
  startMs: number;
  idleMemoryBytes: number;
  rates: Partial<Record<Form, Rate>>;
  /** The mean time from the post of a lone transfer to its block; missing where the bench makes the blocks. */
  loneMs?: number;
  finalMs?: number;
  kills: number;
  /** The number of transfers that were still known after a kill at once after the answer. */
  keptAtOnce: number;
  /** The same for a kill some seconds after the answer. */
  keptLater: number;
}

/** The pause before a late kill: what a program writes every second is written by then. */
export const lateKillMs = 3_000;
/** A chain without empty blocks has rested by then. */
const restMs = 1_000;

/** Returns the number of transfers of a round. */
function transfersOf({ count, warmUp, lone }: Plan): number {
  return (count + warmUp) * Object.keys(forms).length + lone;
}

/** Measures the start, the memory before there is anything to do, and posts in each form. */
export async function measureLoad(
  program: Program,
  context: Context,
  plan: Plan,
): Promise<Pick<Round, "startMs" | "idleMemoryBytes" | "rates">> {
  const instance = await program.create(context, transfersOf(plan));
  const startedAt = performance.now();
  const group = await started(instance, "load");
  const startMs = performance.now() - startedAt;
  await sleep(plan.idleMs);
  const idleMemoryBytes = memoryOfGroup(group);
  await instance.pay?.();
  const rates: Round["rates"] = {};
  let next = 0;
  for (const form of program.forms) {
    await post(instance, form, next, next + plan.warmUp);
    next += plan.warmUp;
    const cpuBefore = cpuOfGroup(group);
    const postMs = await post(instance, form, next, next + plan.count);
    next += plan.count;
    const cpuMs = ((cpuOfGroup(group) - cpuBefore) * 1_000) / plan.count;
    rates[form] = { perSecond: (plan.count * 1_000) / postMs, cpuMs };
  }
  await instance.stop();
  return { startMs, idleMemoryBytes, rates };
}

/** Measures lone transfers; where the bench makes the blocks there is nothing to measure. */
export async function measureLone(
  program: Program,
  context: Context,
  plan: Plan,
): Promise<Pick<Round, "loneMs">> {
  const instance = await program.create(context, transfersOf(plan));
  if (instance.makeBlocks) return {};
  await started(instance, "lone");
  await instance.pay?.();
  const times: number[] = [];
  // The first transfer compiles the code.
  for (let sent = 0; sent <= plan.lone; sent++) {
    await sleep(restMs);
    const postMs = await post(instance, "single", sent, sent + 1);
    if (sent > 0) times.push(postMs);
  }
  await instance.stop();
  return { loneMs: mean(times) };
}

/** Counts the transfers that are known after a restart on the same data. */
export async function measureKept(
  program: Program,
  context: Context,
  plan: Plan,
): Promise<Pick<Round, "kills" | "keptAtOnce" | "keptLater">> {
  const instance = await program.create(context, transfersOf(plan));
  const { kills } = plan;
  const keptAtOnce = await countKept(instance, 0, kills, 0);
  return { kills, keptAtOnce, keptLater: await countKept(instance, kills, kills, lateKillMs) };
}

/** Kills an instance several times, each time this long after the answer to another sender's first transfer. */
async function countKept(instance: Instance, first: number, kills: number, afterMs: number): Promise<number> {
  let kept = 0;
  for (let index = first; index < first + kills; index++) {
    await started(instance, "kill");
    await instance.pay?.();
    const endBlocks = instance.makeBlocks?.();
    await send(instance, "single", instance.requests("single", index, index + 1), index);
    await sleep(afterMs);
    await endBlocks?.();
    await instance.kill();
    await started(instance, "kill");
    if (await instance.knows(index)) kept++;
    await instance.kill();
  }
  return kept;
}

/** Starts an instance, and resolves to its process group once it answers. */
async function started(instance: Instance, purpose: Purpose): Promise<number> {
  const process = instance.start(purpose);
  await untilAnswers(process, () => instance.answers());
  return process.pid;
}

/** Posts transfers and resolves to the time from the first post until all are in blocks, in ms. */
async function post(instance: Instance, form: Form, first: number, end: number): Promise<number> {
  const requests = instance.requests(form, first, end);
  const endBlocks = instance.makeBlocks?.();
  const postedAt = performance.now();
  await send(instance, form, requests, first);
  await endBlocks?.();
  return (await instance.committed(end)) - postedAt;
}

async function send(
  instance: Instance,
  form: Form,
  requests: readonly PostRequest[],
  first: number,
): Promise<void> {
  const { perRequest, connections } = forms[form];
  let posted = first;
  await postAll({
    host: "127.0.0.1",
    port: instance.port,
    connections,
    requests,
    maxAhead: Math.floor(senders / perRequest),
    check: instance.checkAnswer,
    mayPost: () => instance.mayPost?.(posted),
    onAccepted: (transactions) => {
      posted += transactions;
    },
  });
}
