import { multiaddr } from "@multiformats/multiaddr";
import { RateLimiter } from "../../protocols/index.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { type Place, placeOf } from "./address.ts";
import { createHost } from "./host.ts";
import { Inbound, inboundLimits, isThisMachine } from "./inbound.ts";
import { Intake } from "./intake.ts";
import { MeshShares } from "./mesh-shares.ts";
import { Muxers } from "./muxer.ts";
import { LibP2pNetwork, type NetworkOptions } from "./network.ts";
import { PeerScores } from "./scores.ts";
import { Usefulness } from "./usefulness.ts";

/** Opens no port yet. @throws {UserError} `BAD_MULTIADDR` */
export async function createNetwork(options: NetworkOptions): Promise<LibP2pNetwork> {
  for (const address of [...options.listen, ...options.bootstrap, ...options.announce]) {
    try {
      multiaddr(address);
    } catch (cause) {
      throw new UserError(`not a multiaddr: ${address}: ${messageOf(cause)}`, "BAD_MULTIADDR", { cause });
    }
  }
  let network: LibP2pNetwork | undefined;
  const scores = new PeerScores({
    clock: options.clock,
    logger: options.logger,
    onBlocked: (peer, banned) => {
      if (banned) for (const address of network?.remoteAddresses(peer) ?? []) inbound.banned(address);
      if (network) inBackground(network.disconnect(peer));
    },
  });
  const usefulness = new Usefulness(options.clock);
  const isExempt = options.isExempt ?? isThisMachine;
  const limits = options.inboundLimits ?? inboundLimits;
  const inbound = new Inbound({
    clock: options.clock,
    score: (peer) => scores.score(peer),
    usefulness: (peer) => usefulness.of(peer),
    isGiven: (peer) => network?.isGiven(peer) ?? false,
    isExempt,
    onCrowded: sayCrowded(options, limits.placesPerHost),
    limits,
  });
  const intake = new Intake(options.clock);
  const mesh = new MeshShares({
    clock: options.clock,
    peers: () => network?.peers() ?? [],
    hostOf: (peer) => intake.hostOf(peer),
    isGiven: (peer) => network?.isGiven(peer) ?? false,
  });
  const muxers = new Muxers({ intake, clock: options.clock });
  const host = await createHost({
    privateKey: options.privateKey,
    listen: options.listen,
    announce: options.announce,
    mdns: options.mdns,
    networkKey: options.networkKey,
    isAllowed: (peer) => options.allowedPeers?.includes(peer) ?? true,
    clock: options.clock,
    scores,
    gossipScore: (peer) => scores.gossipScore(peer) + mesh.scoreOf(peer),
    inbound,
    muxers,
    onDiscovered: (peer, place) =>
      network?.discovered(peer.id.toString(), peer.multiaddrs.map(String), place),
  });
  host.addEventListener("connection:open", ({ detail }) => {
    const place = placeOf(detail.remoteAddr.toString());
    const peer = detail.remotePeer.toString();
    muxers.opened(detail, { peer, place, isExempt: place !== undefined && isExempt(place) });
  });
  network = new LibP2pNetwork(host, { scores, usefulness, intake, inbound, isExempt }, options);
  return network;
}

/** Anybody can crowd any number of addresses. */
const wordsPerHost = { requests: 1, perMs: 3_600_000 };
const wordsInAll = { requests: 8, perMs: 3_600_000 };

/** Returns what tells the operator that the places for one address are used up. */
export function sayCrowded(
  { clock, logger }: { clock: Clock; logger: Logger },
  peers: number,
): (place: Place) => void {
  const words = new RateLimiter(clock);
  return ({ host }) => {
    if (words.delayMs("all", wordsInAll) > 0 || !words.take(host, wordsPerHost)) return;
    words.charge("all", wordsInAll, 1);
    logger.warn(
      { address: host, peers },
      "this address has as many connections as one may have, so more nodes behind it are refused: --max-per-address lets in more",
    );
  };
}
