import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { afterEach, expect, test } from "vitest";
import { topic } from "../../../protocols/index.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { startNode, until } from "./nodes.ts";

type Peer = Libp2p<{ pubsub: GossipSub }>;

const genesisId = new Uint8Array(32).fill(7);
const digest = new Uint8Array(4).fill(1);
const blocks = topic("blocks", genesisId, digest);
/** The most peers that gossipsub lets join a mesh. */
const full = 12;
const peers = new Set<Peer>();

afterEach(async () => {
  await Promise.all([...peers].map((peer) => peer.stop()));
  peers.clear();
});

/** Joins the mesh of a node from an address of this machine that stands for another machine, and passes nothing on. */
async function joinFrom(localAddress: string, node: LibP2pNetwork): Promise<Peer> {
  const peer: Peer = await createLibp2p({
    transports: [tcp({ dialOpts: { localAddress } as never })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      pubsub: gossipsub({ globalSignaturePolicy: StrictNoSign, asyncValidation: true } as never),
    },
  });
  peers.add(peer);
  await peer.dial(multiaddr(node.addresses()[0]!));
  peer.services.pubsub.subscribe(blocks);
  return peer;
}

/** True if the peer and the node are in each other's mesh, as far as the peer knows. */
function isIn(peer: Peer, node: LibP2pNetwork): boolean {
  const pubsub = peer.services.pubsub as unknown as { getMeshPeers(topic: string): string[] };
  return pubsub.getMeshPeers(blocks).includes(node.peerId);
}

test("ids of four addresses leave places in the mesh for who comes later", async () => {
  const node = await startNode(1, { isExempt: () => false });
  const validator = async () => "accept" as const;
  node.join(
    { genesisId, digests: [digest] },
    { transactions: validator, blocks: validator, votes: validator, evidence: validator },
  );
  node.listen([digest]);
  const crowd: Peer[] = [];
  for (let n = 0; n < full + 4; n++) crowd.push(await joinFrom(`127.0.0.${2 + (n % 4)}`, node));
  await until(() => node.peers().length === crowd.length);
  await until(() => crowd.filter((peer) => isIn(peer, node)).length <= 8);
  const honest = await joinFrom("127.0.0.9", node);
  await until(() => isIn(honest, node));
  // A refusal would follow at once.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isIn(honest, node)).toBe(true);
});
