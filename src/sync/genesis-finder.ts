import { genesis as genesisProtocol } from "../../protocols/index.ts";
import { type CheckedGenesis, checkGenesis } from "../chain/genesis.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Network, PeerId } from "../network/types.ts";
import { Header, rootOf } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { fromHex, type Hex, toHex } from "../util/bytes.ts";
import { type Clock, limited, sleep } from "../util/clock.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { Candidates } from "./candidates.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";

/** The time after the first valid genesis block in which a second network on the same LAN can be noticed. */
const settleMs = 2_000;
/** The time for one block. It doubles with every few that did not arrive, for slow lines. */
const firstFetchMs = 3_000;
const failuresUntilDoubled = 4;

interface GenesisFinderOptions {
  network: Network;
  statuses: PeerStatuses;
  verify: Verify;
  clock: Clock;
  logger: Logger;
  /** The only genesis block that may be adopted. */
  pin: Hex | undefined;
  signal: AbortSignal;
}

/**
 * Waits until a peer delivers a valid genesis block. Ids that peers merely claim decide nothing: several peers are
 * asked at once. Resolves to `undefined` when the signal aborts.
 * @throws {UserError} `AMBIGUOUS_GENESIS` if peers deliver different ones and none is pinned.
 */
export async function findGenesis(options: GenesisFinderOptions): Promise<CheckedGenesis | undefined> {
  const search = new GenesisFinder(options);
  try {
    return await search.run();
  } finally {
    await search.stop();
  }
}

class GenesisFinder {
  readonly #options: GenesisFinderOptions;
  readonly #candidates: Candidates;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #jobs = new Set<Promise<void>>();
  readonly #stopFollowing: () => void;
  /** Checked blocks that a connected peer still offers. */
  readonly #found = new Map<Hex, CheckedGenesis>();
  #cancelSettling: (() => void) | undefined;
  #isSettled = false;
  #failures = 0;
  #wake: () => void = () => undefined;

  constructor(options: GenesisFinderOptions) {
    this.#options = options;
    this.#candidates = new Candidates(options);
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#stopFollowing = options.statuses.events.on("status", () => this.#wake());
  }

  async run(): Promise<CheckedGenesis | undefined> {
    while (!this.#signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const offers = this.#offers();
      for (const id of this.#found.keys()) if (![...offers.values()].includes(id)) this.#found.delete(id);
      const [first, second] = this.#found.values();
      if (first && (this.#isSettled || this.#options.pin)) {
        if (second) throw ambiguous([...this.#found.keys()]);
        return first;
      }
      this.#ask(offers);
      await woken;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    this.#stopFollowing();
    this.#cancelSettling?.();
    this.#stop.abort();
    await Promise.all(this.#jobs);
  }

  /** The genesis ids that peers claim to have. */
  #offers(): Map<PeerId, Hex> {
    const { statuses, pin } = this.#options;
    const offers = new Map<PeerId, Hex>();
    for (const { peer, status } of statuses.all()) {
      const id = toHex(status.genesisId);
      const isSet = status.genesisId.some((byte) => byte !== 0);
      if (isSet && (!pin || pin === id)) offers.set(peer, id);
    }
    return offers;
  }

  #ask(offers: ReadonlyMap<PeerId, Hex>): void {
    for (const peer of this.#candidates.untried([...offers.keys()])) {
      const id = offers.get(peer)!;
      if (this.#found.has(id) || !this.#candidates.take(peer)) continue;
      const job = this.#fetch(peer, id).finally(() => {
        this.#candidates.free(peer);
        this.#jobs.delete(job);
        this.#wake();
      });
      this.#jobs.add(job);
    }
  }

  /** Never rejects. */
  async #fetch(peer: PeerId, id: Hex): Promise<void> {
    const { network, verify, clock } = this.#options;
    const limitMs = Math.min(
      firstFetchMs * 2 ** Math.floor(this.#failures / failuresUntilDoubled),
      genesisProtocol.timeoutMs,
    );
    const { signal, cancel } = limited(clock, limitMs, this.#signal);
    try {
      const block = await requestOne(network, peer, genesisProtocol, { id: fromHex(id) }, { signal });
      // The id comes first: to check the balances of another chain may take seconds.
      const sent = toHex(rootOf(Header, block.header.message));
      if (sent !== id) throw new CodedError("INVALID_GENESIS", `the peer sent genesis ${sent} for ${id}`);
      const genesis = await checkGenesis(block, verify);
      this.#candidates.trust(peer);
      this.#found.set(id, genesis);
      this.#cancelSettling ??= clock.after(settleMs, () => {
        this.#isSettled = true;
        this.#wake();
      });
    } catch (error) {
      if (!this.#signal.aborted) this.#onFailure(peer, id, error);
    } finally {
      cancel();
    }
  }

  #onFailure(peer: PeerId, id: Hex, error: unknown): void {
    const { network, statuses, clock, logger } = this.#options;
    logger.warn({ peer, genesis: id, error: messageOf(error) }, "the peer's genesis is not usable");
    if (error instanceof CodedError && error.code === "INVALID_GENESIS")
      network.penalize(peer, "invalidResponse", error.message);
    this.#failures++;
    statuses.forget(peer);
    inBackground(
      sleep(clock, this.#candidates.doubt(peer), this.#signal).then(() => {
        if (!this.#signal.aborted) inBackground(statuses.ask(peer));
      }),
    );
  }
}

function ambiguous(ids: Hex[]): UserError {
  return new UserError(
    `the peers offer different genesis blocks: ${ids.join(" and ")}; choose one with --genesis=<id>`,
    "AMBIGUOUS_GENESIS",
  );
}
