import { AuthorityNode, authority, RequestError, type RequestErrorCode } from "../../protocols/index.ts";
import type { Signer } from "../accounts/index.ts";
import type { Chain } from "../chain/chain.ts";
import { authorityIndex } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Network, PeerId } from "../network/types.ts";
import { computeDomain, rootOf, signingRoot } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { codeOf, messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";

/** A peer is asked again after this time: its account may have become an authority. */
export const authorityAskAgainMs = 300_000;
/** A peer that did not answer is asked again after this time. Four questions in a minute are below the quota. */
export const unansweredAskAgainMs = 15_000;
/** A peer is asked again so soon this many times in a row. If it still does not answer, it waits like others. */
export const maxAskedSoon = 3;
/**
 * The question or its answer was lost, or the peer was busy, or does not serve the protocol before its chain is open.
 * Other errors are answers, or a fault of its program.
 */
const unanswered: readonly (string | undefined)[] = [
  "aborted",
  "connection",
  "rateLimited",
  "serverError",
  "timeout",
  "unsupported",
] satisfies RequestErrorCode[];

export interface AuthorityNodesOptions {
  network: Network;
  statuses: Pick<PeerStatuses, "events">;
  chain: Pick<Chain, "genesis" | "snapshot">;
  clock: Clock;
  logger: Logger;
  verify: Verify;
  /** 32 random bytes. */
  nonce(): Uint8Array;
  /** Signs for this node; undefined if it does not say whose it is. */
  signer: Pick<Signer, "publicKey" | "sign"> | undefined;
}

interface Asked {
  againAtMs: number;
  /** Questions in a row without an answer. */
  failures: number;
  /** The account whose key the peer has shown to have. */
  authority: Uint8Array | undefined;
}

/**
 * Learns which peers are nodes of authorities, and tells them so of this node. It is for people to read: nothing else
 * depends on it.
 */
export class AuthorityNodes {
  readonly #options: AuthorityNodesOptions;
  readonly #domain: Uint8Array;
  readonly #asked = new Map<PeerId, Asked>();
  #stops: (() => void)[] = [];

  constructor(options: AuthorityNodesOptions) {
    this.#options = options;
    this.#domain = computeDomain("authorityNode", options.chain.genesis.id);
  }

  start(): void {
    const { network, statuses, signer } = this.#options;
    const sign = (nonce: Uint8Array) => signer?.sign(this.#signingRoot(network.peerId, nonce));
    const isOwnNamed = () => signer !== undefined && this.#isAuthority(signer.publicKey);
    network.serve(authority, async function* ({ nonce }) {
      const signature = isOwnNamed() ? await sign(nonce) : undefined;
      if (!signer || !signature) throw new RequestError("resourceUnavailable", "no authority's node");
      yield { authority: signer.publicKey, signature };
    });
    this.#stops = [
      // Every peer of this chain reports its status every few seconds.
      statuses.events.on("status", ({ peer }) => inBackground(this.#ask(peer))),
      network.on("disconnected", (peer) => this.#asked.delete(peer)),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** The authority that a connected peer has shown to be. */
  of(peer: PeerId): Uint8Array | undefined {
    const shown = this.#asked.get(peer)?.authority;
    return shown && this.#isAuthority(shown) ? shown : undefined;
  }

  /** Never rejects. */
  async #ask(peer: PeerId): Promise<void> {
    const { network, clock, logger, verify, nonce: random } = this.#options;
    const last = this.#asked.get(peer);
    if (last && clock.now() < last.againAtMs) return;
    const againAtMs = clock.now() + authorityAskAgainMs;
    const asked: Asked = { againAtMs, failures: 0, authority: last?.authority };
    this.#asked.set(peer, asked);
    const nonce = random();
    try {
      const { authority: publicKey, signature } = await requestOne(network, peer, authority, { nonce });
      // The peer may know of a set that this node does not know yet, or no longer has.
      const isAuthority = this.#isAuthority(publicKey);
      const set = { publicKey, message: this.#signingRoot(peer, nonce), signature };
      const isSigned = isAuthority && (await verify([set]))[0] === true;
      asked.authority = isSigned ? publicKey : undefined;
      if (isAuthority && !isSigned)
        network.penalize(peer, "invalidResponse", `${authority.id}: not signed by the authority`);
    } catch (error) {
      asked.authority = undefined;
      if (unanswered.includes(codeOf(error))) {
        asked.failures = (last?.failures ?? 0) + 1;
        if (asked.failures <= maxAskedSoon) asked.againAtMs = clock.now() + unansweredAskAgainMs;
      }
      logger.debug({ peer, error: messageOf(error) }, "the peer did not say whose node it is");
    }
  }

  #signingRoot(peer: PeerId, nonce: Uint8Array): Uint8Array {
    const root = rootOf(AuthorityNode, { peerId: new TextEncoder().encode(peer), nonce });
    return signingRoot(root, this.#domain);
  }

  #isAuthority(address: Uint8Array): boolean {
    return authorityIndex(this.#options.chain.snapshot.authorities, address) >= 0;
  }
}
