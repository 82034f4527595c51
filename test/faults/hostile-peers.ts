import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "@libp2p/interface";
import * as protocols from "../../protocols/index.ts";
import { type AnyProtocol, height } from "../../protocols/index.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { Pings } from "../e2e/harness/pings.ts";
import { frame, Rogue } from "../e2e/harness/rogue.ts";
import { TcpProxy } from "../e2e/harness/tcp-proxy.ts";
import { patience, until } from "../e2e/harness/until.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 500;
/** An honest peer's question is answered, and the next block there, within this, whatever others do. */
const patienceMs = 2_000;
const junkBytes = 4 * 2 ** 20;
const junkStreams = 80;
/** More than a node allows of one protocol, and than it has time for. */
const manyStreams = 600;
const halfOpenSockets = 200;

/** Those of the node, and of libp2p below it. */
const ids = [
  ...Object.values(protocols)
    .filter(isProtocol)
    .map(({ id }) => id),
  "/meshsub/1.2.0",
  "/meshsub/1.1.0",
  "/ipfs/id/1.0.0",
];

/** Everything a peer can do wrong on a stream, on every protocol, to one of two authorities; each round does it all. */
export const hostilePeers: Scenario = {
  name: "hostile-peers",
  /** `test/e2e/rogue-requests.test.ts` has the requests. */
  short: 0,
  full: 5,
  async run(world, { rounds, onRound }) {
    const network = await createNetwork(world, { nodes: 2, periodMs });
    const [node, honest] = network.nodes as [TestNode, TestNode];
    await startAll(network, "--log-level=debug");
    const proxy = await TcpProxy.open({ host: "127.0.0.1", port: node.p2pPort });
    world.onEnd(() => proxy.close());
    let latencyMs = 0;
    // Each block needs both: what one has signed, the other has heard of, and has answered.
    const pings = new Pings(async () => {
      const { head } = await honest.status();
      await honest.height(head!.height + 1);
      const peer = (await honest.peers())[0];
      if (!peer) throw new Error("the honest peer was shut out");
      latencyMs = Math.max(latencyMs, peer.latency ?? 0);
    }, 0);
    let banned = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const id of ids) {
        for (const attack of attacks) {
          const rogue = await Rogue.connect(node);
          await attack(rogue, id);
          await goesOn(node);
          await rogue.leave();
        }
      }
      await rawTcp(node);
      await halfOpen(node, proxy);
      banned += await shutOut(node);
      onRound(round);
    }
    await pings.stop();
    const said = `an honest peer waited for a block at most ${Math.round(pings.longestMs)} ms, ${pings.count} times, and for an answer ${latencyMs} ms`;
    if (Math.max(pings.longestMs, latencyMs) > patienceMs * patience.factor) throw new Error(said);
    const { head } = await node.ready();
    return (
      `${attacks.length} attacks on ${ids.length} protocols, ${rounds} times, ${junkStreams} x 4 MB of junk among them; ` +
      `${said}; ${banned} liars banned; ${head!.height} blocks`
    );
  },
};

function isProtocol(value: unknown): value is AnyProtocol {
  return typeof value === "object" && value !== null && "quota" in value;
}

type Attack = (rogue: Rogue, id: string) => Promise<void>;

const attacks: readonly Attack[] = [
  // Malformed, oversized and truncated frames.
  (rogue, id) => send(rogue, id, frame(randomBytes(20))),
  (rogue, id) => send(rogue, id, frame(randomBytes(64), 2 ** 27)),
  (rogue, id) => send(rogue, id, frame(randomBytes(3), 4_000)),
  (rogue, id) => send(rogue, id, new Uint8Array(64).fill(0x80)),
  // A byte now and then, without an end.
  async (rogue, id) => {
    const stream = await open(rogue, id);
    for (let count = 0; stream && count < 10; count++) {
      if (!give(stream, Uint8Array.of(0x81))) break;
      await sleep(50);
    }
  },
  // Streams that say nothing, more than are allowed.
  async (rogue, id) => {
    const streams = Array.from({ length: manyStreams }, () => open(rogue, id));
    await Promise.race([Promise.all(streams), sleep(3_000)]);
  },
  // Megabytes of junk on many streams at once.
  async (rogue, id) => {
    const junk = randomBytes(junkBytes);
    const flood = Array.from({ length: junkStreams }, async () => {
      const stream = await open(rogue, id);
      if (stream) give(stream, junk);
    });
    await Promise.race([Promise.all(flood), sleep(5_000)]);
  },
];

async function send(rogue: Rogue, id: string, bytes: Uint8Array): Promise<void> {
  const stream = await open(rogue, id);
  if (!stream || !give(stream, bytes)) return;
  await Promise.race([stream.close().catch(() => undefined), sleep(500)]);
}

/** Undefined where the node does not let it. */
async function open(rogue: Rogue, id: string): Promise<Stream | undefined> {
  try {
    return await rogue.stream(id);
  } catch {
    return undefined;
  }
}

function give(stream: Stream, bytes: Uint8Array): boolean {
  try {
    stream.send(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Below all protocols: junk instead of a handshake, and connections that say nothing. */
async function rawTcp(node: TestNode): Promise<void> {
  const sockets: Socket[] = [];
  try {
    for (let count = 0; count < halfOpenSockets; count++) {
      const socket = connect(node.p2pPort, "127.0.0.1");
      socket.on("error", () => undefined);
      sockets.push(socket);
    }
    for (const socket of sockets.slice(0, 10)) socket.write(randomBytes(junkBytes));
    await goesOn(node);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A peer that is gone without a word is let go of, and may come again. */
async function halfOpen(node: TestNode, proxy: TcpProxy): Promise<void> {
  const rogue = await Rogue.connect(node, {}, `/ip4/127.0.0.1/tcp/${proxy.port}`);
  await until("the node has the peer", async () => (await rogue.score()) !== undefined);
  proxy.cut();
  await until("the node lets go of it", async () => (await rogue.score()) === undefined, {
    timeoutMs: 60_000,
  });
  proxy.heal();
  proxy.reset();
  await until("it notices too", () => !rogue.connected);
  await rogue.dial();
  await until("the node has it again", async () => (await rogue.score()) !== undefined);
  await rogue.leave();
}

/** One that goes on is banned, and not let in again. */
async function shutOut(node: TestNode): Promise<number> {
  const rogue = await Rogue.connect(node);
  await until("it is banned", async () => {
    if (!rogue.connected) return true;
    await rogue.send(height.id, frame(new Uint8Array(9)));
    return false;
  });
  await rogue.dial().catch(() => undefined);
  await until("it is not let in again", () => !rogue.connected);
  const told = node.log().some(({ msg, peer }) => msg === "peer banned" && peer === rogue.id);
  if (!told) throw new Error("the ban is not in the log");
  await rogue.leave();
  return 1;
}

async function goesOn(node: TestNode): Promise<void> {
  const { head } = await node.ready();
  await node.height(head!.height + 1);
}
