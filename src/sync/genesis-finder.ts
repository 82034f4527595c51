import { genesis as genesisProtocol, type Network, type PeerId } from "../../protocols/index.ts";
import { type CheckedGenesis, checkGenesis } from "../chain/genesis.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { fromHex, type Hex, toHex } from "../util/bytes.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { CodedError, messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";

/** After the first offer: time for a second network on the same LAN to be noticed. */
const settleMs = 2_000;
/** After a peer that offered a genesis did not deliver it. */
const retryMs = 500;

export interface GenesisFinderOptions {
  network: Network;
  statuses: PeerStatuses;
  verify: Verify;
  clock: Clock;
  logger: Logger;
  /** The only one to take. */
  pin: Hex | undefined;
  signal: AbortSignal;
}

/**
 * Waits until a peer offers a genesis, and fetches it. Resolves to `undefined` when the signal aborts.
 * @throws {UserError} `AMBIGUOUS_GENESIS` where peers offer different ones and none is pinned.
 */
export async function findGenesis(options: GenesisFinderOptions): Promise<CheckedGenesis | undefined> {
  const { clock, logger, network, statuses, verify, pin, signal } = options;
  for (;;) {
    await firstOffer(statuses, pin, signal);
    if (!pin) await sleep(clock, settleMs, signal);
    if (signal.aborted) return undefined;
    const offers = currentOffers(statuses, pin);
    if (offers.size > 1) throw ambiguous([...offers.keys()]);
    for (const [id, peers] of offers) {
      for (const peer of peers) {
        try {
          const block = await requestOne(network, peer, genesisProtocol, { id: fromHex(id) }, { signal });
          const genesis = await checkGenesis(block, verify);
          if (genesis.idHex === id) return genesis;
          throw new CodedError("INVALID_GENESIS", `the peer sent genesis ${genesis.idHex} for ${id}`);
        } catch (error) {
          logger.warn({ peer, genesis: id, error: messageOf(error) }, "the peer's genesis is not usable");
          if (error instanceof CodedError && error.code === "INVALID_GENESIS") {
            network.penalize(peer, "invalidResponse", error.message);
          }
          statuses.forget(peer);
        }
      }
    }
    await sleep(clock, retryMs, signal);
  }
}

function firstOffer(statuses: PeerStatuses, pin: Hex | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = statuses.events.on("status", () => {
      if (currentOffers(statuses, pin).size > 0) done();
    });
    signal.addEventListener("abort", done);
    if (signal.aborted || currentOffers(statuses, pin).size > 0) done();
  });
}

function currentOffers(statuses: PeerStatuses, pin: Hex | undefined): Map<Hex, PeerId[]> {
  const offers = new Map<Hex, PeerId[]>();
  for (const { peer, status } of statuses.all()) {
    if (status.genesisId.every((byte) => byte === 0)) continue;
    const id = toHex(status.genesisId);
    if (!pin || pin === id) offers.set(id, [...(offers.get(id) ?? []), peer]);
  }
  return offers;
}

function ambiguous(ids: Hex[]): UserError {
  return new UserError(
    `the peers offer different genesis blocks: ${ids.join(" and ")}; choose one with --genesis=<id>`,
    "AMBIGUOUS_GENESIS",
  );
}
