import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { height } from "../../protocols/index.ts";
import {
  allProtocols,
  junkBytes,
  junkStreams,
  largeMisdeeds,
  smallMisdeeds,
} from "../attacks/lib/misdeeds.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { Pings } from "../e2e/harness/pings.ts";
import { frame, Rogue } from "../e2e/harness/rogue.ts";
import { TcpProxy } from "../e2e/harness/tcp-proxy.ts";
import { patience, until } from "../e2e/harness/until.ts";
import type { Scenario } from "./scenario.ts";

const periodMs = 500;
/** Bound of the time until an honest peer gets an answer and the next block, whatever other peers do. */
const patienceMs = 2_000;
const halfOpenSockets = 200;

const misdeeds = [...smallMisdeeds, ...largeMisdeeds];

/**
 * Attacks one of two authorities with everything that a peer can do wrong on a stream, on every protocol, in each
 * round.
 */
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
    // Each block needs both authorities, so each has received the other's blocks and answered.
    const pings = new Pings(async () => {
      const { head } = await honest.status();
      await honest.height(head!.height + 1);
      const peer = (await honest.peers())[0];
      if (!peer) throw new Error("the honest peer was shut out");
      latencyMs = Math.max(latencyMs, peer.latency ?? 0);
    }, 0);
    let banned = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const id of allProtocols) {
        for (const misdeed of misdeeds) {
          const rogue = await Rogue.connect(node);
          await misdeed(rogue, id);
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
      `${misdeeds.length} attacks on ${allProtocols.length} protocols, ${rounds} times, ${junkStreams} x 4 MB of junk among them; ` +
      `${said}; ${banned} liars banned; ${head!.height} blocks`
    );
  },
};

/** Attacks below all protocols, with junk instead of a handshake and with silent connections. */
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

/** Checks that the node drops a peer that vanished silently, and accepts it again. */
async function halfOpen(node: TestNode, proxy: TcpProxy): Promise<void> {
  const rogue = await Rogue.connect(node, { address: `/ip4/127.0.0.1/tcp/${proxy.port}` });
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

/** Checks that a persistent attacker is banned and not accepted again. */
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
