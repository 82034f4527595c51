import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { Progress } from "./progress.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 1_000;
const idle = 1_000;
const slowBodies = 200;
const flooders = 50;
/** Allowed growth of the interval between blocks. */
const disturbance = 1.2;

/** Sends everything that HTTP refuses or limits, and then floods one of four nodes for a second each round. */
export const httpAbuse: Scenario = {
  name: "http-abuse",
  short: 2,
  full: 120,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 4, periodMs });
    await startAll(network);
    const [node, ...others] = network.nodes as [TestNode, ...TestNode[]];
    const traffic = new Traffic({ ...network, nodes: others, wallets: network.wallets.slice(1) }, 200);
    const progress = new Progress(others, traffic);
    await others[0]!.height(1);
    const quiet = await blockInterval(others[0]!, Math.max(3, rounds / 4));

    await refusals(node);
    const held: Socket[] = [];
    try {
      for (let count = 0; count < idle; count++) held.push(await open(node));
      await answers(node, held);
      for (const socket of held.slice(0, slowBodies))
        socket.write(
          "POST /v1/transactions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n[",
        );
      const flood = new Flood(node, random);
      const started = await others[0]!.status();
      const startedAt = performance.now();
      for (let round = 1; round <= rounds; round++) {
        await sleep(1_000);
        for (const socket of held.slice(0, slowBodies)) if (socket.writable) socket.write(" ");
        onRound(round);
      }
      const ended = await others[0]!.status();
      const attacked =
        (ended.head!.timestamp - started.head!.timestamp) / (ended.head!.height - started.head!.height);
      const requests = await flood.stop();
      const open_ = held.filter((socket) => !socket.destroyed).length;
      const perSecond = Math.round((1_000 * requests) / (performance.now() - startedAt));
      await progress.stop();
      await traffic.stop();
      const { transactions } = await checkPromises(network, traffic.accepted);
      if (rounds >= httpAbuse.full && attacked > quiet * disturbance)
        throw new Error(`a block every ${attacked.toFixed()} ms, ${quiet.toFixed()} ms before`);
      return (
        `refused as it should; ${idle} idle connections, ${slowBodies} slow bodies (${open_} connections left), ` +
        `${requests} requests in ${rounds} s (${perSecond}/s); a block every ${attacked.toFixed()} ms, ${quiet.toFixed()} ms before; ` +
        `${transactions} honest transactions on the other nodes`
      );
    } finally {
      for (const socket of held) socket.destroy();
    }
  },
};

/** Measures the mean interval of blocks over about `seconds`, in ms by their timestamps. */
async function blockInterval(node: TestNode, seconds: number): Promise<number> {
  const { head: first } = await node.status();
  const { head: last } = await node.height(first!.height + Math.ceil((1_000 * seconds) / periodMs), 60_000);
  return (last!.timestamp - first!.timestamp) / (last!.height - first!.height);
}

async function refusals(node: TestNode): Promise<void> {
  const cases: [name: string, request: string, status: number, code: string][] = [
    ["a foreign host", "GET /v1/status HTTP/1.1\r\nhost: evil.example\r\n\r\n", 403, "FORBIDDEN_HOST"],
    [
      "a foreign origin",
      post("/v1/transactions", "origin: http://evil.example\r\n"),
      403,
      "FORBIDDEN_ORIGIN",
    ],
    ["no token", post("/v1/authorities/proposals", ""), 401, "UNAUTHORIZED"],
    [
      "a wrong token",
      post("/v1/authorities/proposals", `authorization: Bearer ${"x".repeat(43)}\r\n`),
      401,
      "UNAUTHORIZED",
    ],
    ["a large body", post("/v1/transactions", "", 2 ** 30), 413, "BODY_TOO_LARGE"],
  ];
  for (const [name, request, status, code] of cases) {
    const answer = await exchange(node, request);
    if (!answer.startsWith(`HTTP/1.1 ${status} `) || !answer.includes(code))
      throw new Error(`${name}: ${answer.slice(0, 400)}`);
  }
}

function post(path: string, headers: string, length = 2): string {
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\n${headers}content-length: ${length}\r\n\r\n{}`;
}

async function exchange(node: TestNode, request: string): Promise<string> {
  const socket = await open(node);
  socket.write(request);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  await until("an answer", () => answer.includes("}"));
  socket.destroy();
  return answer;
}

async function open({ machine, httpPort }: TestNode): Promise<Socket> {
  const socket = connect(httpPort, machine.address);
  socket.on("error", () => undefined);
  // Without reading, the socket would not notice that it was closed.
  socket.resume();
  await once(socket, "connect");
  return socket;
}

/** Checks that others are answered while these connections are held. */
async function answers(node: TestNode, held: readonly Socket[]): Promise<void> {
  if (held.length !== idle) throw new Error(`only ${held.length} connections`);
  await node.status();
}

/** Sends as many requests as the node answers on persistent connections. */
class Flood {
  readonly #loops: Promise<void>[];
  #count = 0;
  #stopped = false;

  constructor(node: TestNode, random: () => number) {
    const paths = [
      "/v1/status",
      "/v1/blocks?limit=20",
      "/v1/authorities",
      "/v1/transactions/0x00",
      "/metrics",
    ];
    this.#loops = Array.from({ length: flooders }, () =>
      this.#run(node, () => paths[Math.floor(random() * paths.length)]!),
    );
  }

  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.#count;
  }

  async #run(node: TestNode, path: () => string): Promise<void> {
    while (!this.#stopped) {
      const response = await fetch(node.url + path(), { signal: AbortSignal.timeout(20_000) }).catch(
        () => undefined,
      );
      await response?.arrayBuffer().catch(() => undefined);
      this.#count++;
    }
  }
}
