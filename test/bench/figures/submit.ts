import type { TestNode } from "../../e2e/harness/node.ts";
import { type Context, defineFigure, type Figure, type Goal, type Measured } from "../figure.ts";
import { type BenchNetwork, benchNetwork, pidsOf, startNodes, stopNodes } from "../lib/bench-network.ts";
import { ChainFollower } from "../lib/chain-follower.ts";
import { postAll } from "../lib/poster.ts";
import { type Presigned, presign } from "../lib/presign.ts";
import { buildRequests, type Format } from "../lib/requests.ts";
import { placeOf } from "../lib/senders.ts";
import { quantile } from "../lib/statistics.ts";
import { syncedWriteMs } from "../lib/synced-write.ts";
import { CpuWatch, type ThreadKind, threadSeconds } from "../lib/usage.ts";
import { verifyPart, withVerifyLimit } from "../lib/verify-limit.ts";

/** `count` is the number of timed transactions. */
type SubmitSettings = {
  authorities: number;
  senders: number;
  count: number;
};

/** Less than the 5,000 that may wait of one sender. */
const maxUncommittedPerSender = 4_000;
const maxUncommitted = 15_000;

/**
 * Most transactions of the warm-up, which equals the run up to here: V8 has compiled the most used code by then, as on
 * a node that has run for days.
 */
const maxWarmUp = 20_000;

/** Less than the 64 nonces that a mempool accepts after a missing one, and than the 5,000 transactions in all. */
const maxNoncesAhead = 60;
const maxWaitingForOthers = 4_000;

const formats: Record<Format, { perRequest: number; connections: number }> = {
  "json-single": { perRequest: 1, connections: 32 },
  "json-array": { perRequest: 100, connections: 32 },
  ssz: { perRequest: 1_000, connections: 4 },
};

interface Part {
  first: number;
  end: number;
}

interface Load {
  network: BenchNetwork;
  presigned: Presigned;
  format: Format;
}

/** Assigns each sender to a node, so that its nonces arrive there in order. */
function indexesOf(node: number, nodes: number, senders: number, { first, end }: Part): number[] {
  const indexes: number[] = [];
  for (let index = first; index < end; index++) {
    if (placeOf(index, senders).from % nodes === node) indexes.push(index);
  }
  return indexes;
}

/** Posts a part of the transactions, spread over all nodes, and waits until they are committed and final everywhere. */
async function runPart(
  { network, presigned, format }: Load,
  followers: readonly ChainFollower[],
  part: Part,
) {
  const { nodes } = network;
  const { perRequest, connections } = formats[format];
  const shares = nodes.map((_, node) =>
    buildRequests(presigned, format, indexesOf(node, nodes.length, presigned.senders, part), perRequest),
  );
  const mostAhead = Math.min((maxNoncesAhead * presigned.senders) / nodes.length, maxWaitingForOthers);
  const maxAhead = Math.max(1, Math.floor(mostAhead / perRequest));
  const maxWaiting = Math.min(maxUncommitted, maxUncommittedPerSender * presigned.senders);
  const first = followers[0]!;
  const { sumOfCommitTimesMs, sumOfFinalTimesMs } = first;
  let accepted = first.committed;
  const startedAt = performance.now();
  const posts = await Promise.all(
    nodes.map(({ machine, httpPort }, node) =>
      postAll({
        host: machine.address,
        port: httpPort,
        connections: Math.ceil(connections / nodes.length),
        requests: shares[node]!,
        maxAhead,
        mayPost: () => {
          const isRoom = () => accepted - first.committed < maxWaiting;
          return isRoom() ? undefined : first.until(isRoom);
        },
        onAccepted: (transactions) => {
          accepted += transactions;
        },
      }),
    ),
  );
  const postedAt = performance.now();
  const committedAt = await first.hasCommitted(part.end);
  const finalAt = Math.max(
    ...(await Promise.all(followers.map((follower) => follower.hasFinalized(part.end)))),
  );
  const count = part.end - part.first;
  const sumOfPostTimesMs = posts.reduce((sum, posted) => sum + posted.sumOfPostTimesMs, 0);
  return {
    startedAt,
    postedAt,
    committedAt,
    finalAt,
    answerMs: posts.flatMap(({ answerMs }) => answerMs),
    // The mean of differences is exact in any order of commits.
    meanToCommittedMs: (first.sumOfCommitTimesMs - sumOfCommitTimesMs - sumOfPostTimesMs) / count,
    meanToFinalMs: (first.sumOfFinalTimesMs - sumOfFinalTimesMs - sumOfPostTimesMs) / count,
  };
}

async function submit(context: Context, format: Format, settings: SubmitSettings): Promise<Measured> {
  const { authorities, senders, count } = settings;
  const warmUp = Math.min(count, maxWarmUp);
  const network = await benchNetwork(context, { authorities, senders });
  const presigned = await presign(network.genesis, senders, warmUp + count);
  // Each acknowledgement waits for one or two.
  const syncMs = await syncedWriteMs(context);
  await startNodes(network.nodes);
  const followers = await Promise.all(network.nodes.map((node: TestNode) => ChainFollower.follow(node)));
  const load = { network, presigned, format };
  await runPart(load, followers, { first: 0, end: warmUp });
  const { result, limit, verifyCpuMs } = await withVerifyLimit(async () => {
    const pids = pidsOf(network.nodes);
    const watch = new CpuWatch(pids);
    const before = threadSeconds(pids);
    const times = await runPart(load, followers, { first: warmUp, end: warmUp + count });
    const after = threadSeconds(pids);
    const threadMs = (kind: ThreadKind) => ((after[kind] - before[kind]) * 1_000) / count;
    return { times, usage: watch.read(), threadMs };
  });
  await stopNodes(network.nodes);
  const { times, usage, threadMs } = result;
  const { startedAt, postedAt, committedAt, finalAt, answerMs } = times;
  const perSecond = (at: number) => (count / (at - startedAt)) * 1_000;
  return {
    value: perSecond(authorities === 1 ? committedAt : finalAt),
    unit: "tx/s",
    limit: { what: limit.what, value: limit.value / authorities },
    ...usage,
    details: {
      committedPerSecond: perSecond(committedAt),
      finalPerSecond: perSecond(finalAt),
      acceptedPerSecond: perSecond(postedAt),
      answerP50Ms: quantile(answerMs, 0.5),
      answerP99Ms: quantile(answerMs, 0.99),
      meanToCommittedMs: times.meanToCommittedMs,
      meanToFinalMs: times.meanToFinalMs,
      cpuMsPerTransaction: (usage.cpuSeconds * 1_000) / count,
      verifyCpuMs,
      mainThreadMs: threadMs("main"),
      verifyThreadsMs: threadMs("verify"),
      v8ThreadsMs: threadMs("v8"),
      libuvThreadsMs: threadMs("libuv"),
      cpuPerVerify: (usage.cpuSeconds * 1_000) / count / verifyCpuMs,
      syncMs,
      verifyPart: verifyPart(verifyCpuMs, count * authorities, usage),
    },
  };
}

/** The goals for one node. `perVerify` holds on any machine: the most CPU of a transaction, in bare verifications. */
const goalsOf: Record<Format, { ratio: number; perVerify: number }> = {
  "json-single": { ratio: 0.3, perVerify: 3 },
  "json-array": { ratio: 0.45, perVerify: 2.2 },
  ssz: { ratio: 0.55, perVerify: 1.8 },
};
/** The same on four authorities, each of which verifies all. */
const sharedGoals = { ratio: 0.55, perVerify: 9 };

function goals(format: Format, { authorities }: SubmitSettings): Goal[] {
  const { ratio, perVerify } = authorities > 1 ? sharedGoals : goalsOf[format];
  return [
    ...(authorities > 1 && format !== "ssz" ? [] : [{ of: "ratio", is: ">=", bound: ratio } as const]),
    { of: "cpuPerVerify", is: "<=", bound: perVerify },
    ...(format === "json-single" ? [{ of: "answerP99Ms", is: "<", bound: 50 } as const] : []),
    ...(format === "ssz" && authorities === 1
      ? [{ of: "cpuMsPerTransaction", is: "<=", bound: 0.12 } as const]
      : []),
  ];
}

function submitFigure(format: Format, counts: { quick: number; full: number }): Figure {
  const all = [1, 4].flatMap((authorities) =>
    [1, 100, 10_000].map((senders) => ({ authorities, senders, count: counts.full / authorities })),
  );
  return defineFigure<SubmitSettings>({
    name: `submit-${format}`,
    measures: `${whatIsPosted[format]}: submit to committed on one node, to final on four authorities that share the machine`,
    quick: [
      { authorities: 1, senders: 100, count: counts.quick },
      ...(format === "json-array" ? [] : [{ authorities: 4, senders: 100, count: counts.quick / 4 }]),
    ],
    full: all,
    goals: (settings) => goals(format, settings),
    run: (context, settings) => submit(context, format, settings),
  });
}

const whatIsPosted: Record<Format, string> = {
  "json-single": "single JSON posts over 32 connections",
  "json-array": "JSON arrays of 100",
  ssz: "SSZ lists of 1,000",
};

export const submitFigures = [
  submitFigure("ssz", { quick: 80_000, full: 200_000 }),
  submitFigure("json-array", { quick: 60_000, full: 100_000 }),
  submitFigure("json-single", { quick: 60_000, full: 60_000 }),
];
