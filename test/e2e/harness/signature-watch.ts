import { setTimeout as sleep } from "node:timers/promises";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { topic } from "../../../protocols/index.ts";
import { ProtectionStore } from "../../../src/accounts/protection-store.ts";
import { voteSigningRoot } from "../../../src/chain/vote-check.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { messageId } from "../../../src/network/gossip.ts";
import { withDatabase } from "../../../src/node/open.ts";
import { HeaderRecord } from "../../../src/storage/blocks.ts";
import type { Database } from "../../../src/storage/database.ts";
import { keyRange } from "../../../src/storage/key-spaces.ts";
import {
  Certificate,
  CompactBlock,
  computeDomain,
  type FinalityVote,
  Header,
  SignedFinalityVote,
  type SignedHeader,
  signingRoot,
  slotOf,
} from "../../../src/types/index.ts";
import { equalBytes, fromHex, toHex } from "../../../src/util/bytes.ts";
import { firstDigest } from "../../own-line.ts";
import type { TestNode } from "./node.ts";
import { patience } from "./until.ts";

/** `header <slot> <root>` or `vote <source> <target> <root>`, as test/faults/kill-signer.ts compares them. */
export type SignatureLine = string;

export interface WatchedChain {
  genesisId: string;
  periodMs: number;
  /** The key whose signatures are collected. */
  publicKey: Uint8Array;
}

/**
 * A peer of all nodes that subscribes to blocks and votes as they do, and records every valid signature of one key that
 * is gossiped. It takes no other part.
 */
export class SignatureWatch {
  readonly lines = new Set<SignatureLine>();
  readonly #chain: WatchedChain;
  readonly #nodes: readonly TestNode[];
  readonly #host: Libp2p<{ identify: Identify; pubsub: GossipSub }>;
  readonly #checks: Promise<void>[] = [];
  #stopped = false;

  private constructor(
    host: Libp2p<{ identify: Identify; pubsub: GossipSub }>,
    nodes: readonly TestNode[],
    chain: WatchedChain,
  ) {
    this.#host = host;
    this.#nodes = nodes;
    this.#chain = chain;
  }

  static async start(nodes: readonly TestNode[], chain: WatchedChain): Promise<SignatureWatch> {
    const host = await createLibp2p({
      addresses: { listen: [] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        pubsub: gossipsub({
          globalSignaturePolicy: "StrictNoSign",
          msgIdFn: (message) => messageId(message.topic, message.data),
          fallbackToFloodsub: false,
        }),
      },
    });
    const watch = new SignatureWatch(host, nodes, chain);
    const { pubsub } = host.services;
    const id = fromHex(chain.genesisId);
    const digest = firstDigest(id);
    const readers = {
      [topic("blocks", id, digest)]: (data: Uint8Array) =>
        watch.#header(CompactBlock.deserialize(data).header),
      [topic("votes", id, digest)]: (data: Uint8Array) => watch.#vote(SignedFinalityVote.deserialize(data)),
    };
    pubsub.addEventListener("message", ({ detail }) => {
      // SSZ needs a plain array.
      const read = readers[detail.topic];
      if (read) watch.#checks.push(read(Uint8Array.from(detail.data)));
    });
    for (const name of Object.keys(readers)) pubsub.subscribe(name);
    void watch.#stayConnected();
    return watch;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#host.stop();
    await Promise.all(this.#checks);
  }

  /** Counts the recorded headers and votes. */
  counts(): { headers: number; votes: number } {
    const headers = [...this.lines].filter((line) => line.startsWith("header")).length;
    return { headers, votes: this.lines.size - headers };
  }

  async #header(header: SignedHeader): Promise<void> {
    const { publicKey } = this.#chain;
    if (!equalBytes(header.message.proposer, publicKey)) return;
    const line = headerLine(header, this.#chain);
    const message = headerSigningRoot(header, this.#chain);
    if (await isValid({ message, signature: header.signature, publicKey })) this.lines.add(line);
  }

  async #vote({ message: link, voter, signature }: SignedFinalityVote): Promise<void> {
    const { publicKey, genesisId } = this.#chain;
    if (!equalBytes(voter, publicKey)) return;
    const message = voteSigningRoot(link, fromHex(genesisId));
    if (await isValid({ message, signature, publicKey })) this.lines.add(voteLine(link, this.#chain));
  }

  async #stayConnected(): Promise<void> {
    while (!this.#stopped) {
      await Promise.all(
        this.#nodes.map(async ({ multiaddr: address }) => {
          const isThere = this.#host
            .getConnections()
            .some(({ remoteAddr, status }) => status === "open" && remoteAddr.toString().startsWith(address));
          if (isThere) return;
          const signal = AbortSignal.timeout(2_000 * patience.factor);
          await this.#host.dial(multiaddr(address), { signal }).catch(() => undefined);
        }),
      );
      await sleep(50);
    }
  }
}

/** Reads the signatures of the key in a stopped node's database: headers of all branches, and votes in certificates. */
export function signaturesIn(node: TestNode, chain: WatchedChain): Promise<SignatureLine[]> {
  return withDatabase(node.paths, async (database: Database) => {
    const lines: SignatureLine[] = [];
    for await (const [, value] of database.iterate(keyRange("header"))) {
      const { header } = HeaderRecord.deserialize(value);
      // The signature of the genesis block has its own domain.
      if (header.message.height > 0 && equalBytes(header.message.proposer, chain.publicKey))
        lines.push(headerLine(header, chain));
    }
    for await (const [, value] of database.iterate(keyRange("certificate"))) {
      const { link, voters } = Certificate.deserialize(value);
      if (voters.some((voter) => equalBytes(voter, chain.publicKey))) lines.push(voteLine(link, chain));
    }
    return lines;
  });
}

/** Reads the signatures that a stopped node's slashing protection has recorded for its own key. */
export function recordedBy(node: TestNode, { publicKey }: WatchedChain): Promise<SignatureLine[]> {
  return withDatabase(node.paths, async (database: Database) => {
    const store = new ProtectionStore(database);
    const lines: SignatureLine[] = [];
    for await (const { slot, root } of store.headers(publicKey)) lines.push(`header ${slot} ${hex(root)}`);
    for await (const { sourceRound, targetRound, root } of store.votes(publicKey))
      lines.push(`vote ${sourceRound} ${targetRound} ${hex(root)}`);
    return lines;
  });
}

function headerSigningRoot({ message }: SignedHeader, { genesisId }: WatchedChain): Uint8Array {
  return signingRoot(Header.hashTreeRoot(message), computeDomain("header", fromHex(genesisId)));
}

function headerLine(header: SignedHeader, chain: WatchedChain): SignatureLine {
  return `header ${slotOf(header.message.timestamp, chain.periodMs)} ${hex(headerSigningRoot(header, chain))}`;
}

function voteLine(link: FinalityVote, { genesisId }: WatchedChain): SignatureLine {
  return `vote ${link.source.round} ${link.target.round} ${hex(voteSigningRoot(link, fromHex(genesisId)))}`;
}

function hex(root: Uint8Array | undefined): string {
  return root ? toHex(root).slice(2) : "unknown";
}

async function isValid(signed: {
  message: Uint8Array;
  signature: Uint8Array;
  publicKey: Uint8Array;
}): Promise<boolean> {
  const [valid] = await verifySignatures([signed]);
  return valid === true;
}
