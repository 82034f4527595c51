import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { GossipSub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { ComponentLogger, Libp2p, Logger, PeerInfo } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { keyPairFromSeed } from "../crypto/ed25519.ts";
import { concatBytes } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { type Place, targetOf } from "./address.ts";
import { gossipService } from "./gossip.ts";
import type { Inbound } from "./inbound.ts";
import { lanDiscovery } from "./lan-discovery.ts";
import { lanDiscovery6 } from "./lan-discovery6.ts";
import { sendFewerWindowUpdates } from "./libp2p-internals.ts";
import { Link } from "./link.ts";
import type { Muxers } from "./muxer.ts";
import { privateNetwork } from "./private-network.ts";
import type { PeerScores } from "./scores.ts";
import type { PeerId } from "./types.ts";

/** A tag of this product, so that nodes of other libp2p programs on the LAN are not dialled. */
export const mdnsServiceTag = "_ccoin._tcp.local";
/**
 * A node asks at once when it starts. This interval covers lost answers and networks that come up later. Every node
 * answers every question to every node: frequent questions would be most of the traffic of an idle network.
 */
export const mdnsIntervalMs = 10_000;

/** `Inbound` and the dialler count connections. libp2p's own limit, which knows no addresses, must never be reached. */
const maxConnections = 4_096;
/** Per second and host, also for this machine: it may run a whole test network, whose nodes start together. */
const inboundPerSecond = 100;
/** More than `Inbound` allows at one time. */
const maxPendingInbound = 1_024;
/** A slow machine behind a slow line needs a second or two. */
export const handshakeTimeoutMs = 5_000;
/** The limit for a peer's keys, addresses and protocols; those of this program take less than 1 KiB. */
const maxIdentifyBytes = 4_096;
/** Streams of one connection, all protocols together. */
export const maxStreamsPerConnection = 512;
/** The window of a stream. A stream that nobody reads yet may buffer as much. 4 MiB carry 40 MB/s over 100 ms. */
export const streamWindowBytes = 4 * 2 ** 20;

export type Host = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

export interface HostOptions {
  /** The Ed25519 seed, 32 bytes. */
  privateKey: Uint8Array;
  listen: readonly string[];
  /** Told to others in front of the addresses of the interfaces. */
  announce: readonly string[];
  mdns: boolean;
  /** The key of a closed network. */
  networkKey: Uint8Array | undefined;
  /** False for peers that are neither dialled nor let in. */
  isAllowed(peer: PeerId): boolean;
  clock: Clock;
  scores: PeerScores;
  /** A peer's score as gossipsub's application score. */
  gossipScore(peer: PeerId): number;
  inbound: Inbound;
  muxers: Muxers;
  /** Called each time a peer answers by mDNS; libp2p's own event fires only the first time. */
  onDiscovered(peer: PeerInfo, from: Place): void;
}

/** A libp2p host as protocols/README.md requires: TCP, Noise, yamux, identify, gossipsub. It is not started. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { scores, inbound, networkKey } = options;
  sendFewerWindowUpdates();
  // libp2p's form of the key. Its own derivation of the public key takes 30 ms.
  const { publicKey } = keyPairFromSeed(options.privateKey);
  const privateKey = privateKeyFromRaw(concatBytes(options.privateKey, publicKey));
  const discoveries = [lanDiscovery, lanDiscovery6].map((create) =>
    create(
      { serviceTag: mdnsServiceTag, interval: mdnsIntervalMs },
      { clock: options.clock, link: new Link(options.clock), onFound: options.onDiscovered },
    ),
  );
  const host: Host = await createLibp2p({
    start: false,
    logger: silentComponents,
    privateKey,
    addresses: {
      listen: [...options.listen],
      appendAnnounce: [...options.announce],
      // Others keep only the first few addresses of a peer.
      announceFilter: (all) => all.toSorted((a, b) => Number(isAnnounced(b)) - Number(isAnnounced(a))),
    },
    transports: [tcp()],
    ...(networkKey && { connectionProtector: privateNetwork(networkKey) }),
    connectionEncrypters: [options.muxers.encrypter()],
    streamMuxers: [
      options.muxers.factory({
        maxInboundStreams: maxStreamsPerConnection,
        maxOutboundStreams: maxStreamsPerConnection,
        streamOptions: { maxStreamWindowSize: streamWindowBytes, maxReadBufferLength: 2 * streamWindowBytes },
      }),
    ],
    connectionManager: {
      maxConnections,
      inboundConnectionThreshold: inboundPerSecond,
      maxIncomingPendingConnections: maxPendingInbound,
      inboundUpgradeTimeout: handshakeTimeoutMs,
      // An interface that is down must not use up the time for the others.
      addressDialTimeout: 2_000,
      // The node's own dialler reconnects.
      reconnectRetries: 0,
    },
    // `watchConnections` costs less.
    connectionMonitor: { enabled: false },
    connectionGater: {
      denyInboundConnection: (socket) => !inbound.mayBegin(socket),
      denyDialPeer: (peer) => isDenied(peer.toString()),
      denyInboundEncryptedConnection: (peer) => isDenied(peer.toString()) || isSelf(peer),
      denyInboundUpgradedConnection: (peer, socket) => !inbound.mayStay(socket, peer.toString()),
      denyOutboundEncryptedConnection: (peer) => isDenied(peer.toString()) || isSelf(peer),
    },
    peerDiscovery: options.mdns ? discoveries : [],
    services: {
      identify: identify({ maxMessageSize: maxIdentifyBytes }),
      pubsub: gossipService(options.gossipScore),
    },
    nodeInfo: { name: "ccoin" },
  });
  return host;

  function isDenied(peer: PeerId): boolean {
    return scores.blocked(peer) || !options.isAllowed(peer);
  }

  function isAnnounced(address: Multiaddr): boolean {
    return options.announce.includes(targetOf(address.toString()));
  }

  function isSelf(peer: { publicKey?: { equals(key: unknown): boolean } | undefined }): boolean {
    return peer.publicKey?.equals(privateKey.publicKey) ?? false;
  }
}

function ignore(): void {}

const silent: Logger = Object.assign(() => undefined, {
  error: ignore,
  trace: ignore,
  enabled: false,
  newScope: () => silent,
});

/**
 * Drops libp2p's log of its inner steps. libp2p's own logger prints nothing either unless asked to, but makes three
 * loggers for each stream and asks the system each time whether it writes to a terminal. That took a twentieth of the
 * main thread of a node that was flooded with requests.
 */
const silentComponents: ComponentLogger = { forComponent: () => silent };

/**
 * Turns an error of listening for peers into one that says what to do. libp2p keeps only the text of the system's
 * error.
 */
export function listenError(error: unknown, listen: readonly string[]): unknown {
  const text = messageOf(error);
  const where = listen.join(", ");
  const failure = (message: string, code = "LISTEN_FAILED") => new UserError(message, code, { cause: error });
  if (text.includes("EADDRINUSE"))
    return failure(
      `the port of ${where} is in use: is this node running already? If not, choose another with --port`,
      "PORT_IN_USE",
    );
  if (text.includes("EADDRNOTAVAIL"))
    return failure(`${where} is not an address of this machine: leave --p2p-host out to listen on all`);
  if (text.includes("EACCES"))
    return failure(`the port of ${where} is not allowed: choose one above 1023 with --port`);
  return error;
}
