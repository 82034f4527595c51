import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect, test, vi } from "vitest";
import { gossipService } from "../../../src/network/gossip.ts";

/** The highest score that gossipsub's cap on the score of topics allows. */
const best = 10;

/** The part of gossipsub that a PRUNE reaches. */
interface Internals {
  mesh: Map<string, Set<string>>;
  score: { score(peer: string): number };
  pxConnect(peers: object[]): Promise<void>;
  handlePrune(peer: string, prune: object[]): Promise<void>;
  opts: { scoreParams: { topicScoreCap: number } };
}

const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined });

test("peers that a PRUNE names are not dialled, however good its sender's score", async () => {
  const privateKey = await generateKeyPairFromSeed("Ed25519", new Uint8Array(32).fill(1));
  const pubsub = gossipService(() => 0)({
    logger: { forComponent: () => log },
    peerId: peerIdFromPrivateKey(privateKey),
    privateKey,
  } as never) as unknown as Internals;
  expect(pubsub.opts.scoreParams.topicScoreCap).toBe(best);
  pubsub.mesh.set("topic", new Set(["stranger"]));
  pubsub.score.score = () => best;
  const dial = vi.spyOn(pubsub, "pxConnect").mockResolvedValue(undefined);
  await pubsub.handlePrune("stranger", [{ topicID: "topic", peers: [{ peerID: new Uint8Array(34) }] }]);
  expect(pubsub.mesh.get("topic")?.size).toBe(0);
  expect(dial).not.toHaveBeenCalled();
});
