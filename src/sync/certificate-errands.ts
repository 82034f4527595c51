import type { Network, PeerId, PeerInfo } from "../network/types.ts";
import type { SignedFinalityVote } from "../types/index.ts";
import type { Clock } from "../util/clock.ts";
import type { VoterAccounts } from "./voter-accounts.ts";

/**
 * Peers that are asked too if the one that passed a vote on has not shown the certificate after this time: a faulty one
 * can be the fastest, and keep it back.
 */
export const askedToo = { peers: 3, afterMs: 100 };

export interface CertificateErrandsOptions {
  network: Pick<Network, "peers">;
  clock: Clock;
  accounts: VoterAccounts;
  justifiedRound(): number;
  /** Asks a peer for its certificates. */
  pull(peer: PeerId): void;
}

/** Requests the certificates of the sources that votes name, at the voters' expense. */
export class CertificateErrands {
  readonly #options: CertificateErrandsOptions;
  #stopped = false;

  constructor(options: CertificateErrandsOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A voter with a later source has the source's certificate, and so has an honest peer that passes the vote on. */
  request(vote: SignedFinalityVote, from: PeerId): void {
    const { clock, accounts, justifiedRound, pull } = this.#options;
    const isHere = () => vote.message.source.round <= justifiedRound();
    if (isHere() || !accounts.chargeErrand("certificate", vote, from)) return;
    pull(from);
    clock.after(askedToo.afterMs, () => {
      if (this.#stopped || isHere()) return;
      for (const peer of this.#others(from)) pull(peer);
    });
  }

  /** Peers of the node's own choice come first, and those that connected by themselves last. */
  #others(from: PeerId): PeerId[] {
    const rank = ({ chosen, direction }: PeerInfo) => (chosen ? 0 : direction === "outbound" ? 1 : 2);
    return this.#options.network
      .peers()
      .filter(({ id }) => id !== from)
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, askedToo.peers)
      .map(({ id }) => id);
  }
}
