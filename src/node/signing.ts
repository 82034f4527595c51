import {
  createProtectedSigner,
  type DataIdentityCheck,
  type ProtectedSigner,
  type Signer,
} from "../accounts/index.ts";
import { ProtectionStore } from "../accounts/protection-store.ts";
import type { Chain } from "../chain/chain.ts";
import type { Finalizer } from "../chain/finalizer.ts";
import type { Genesis } from "../chain/genesis.ts";
import { voteSigningRoot } from "../chain/vote-check.ts";
import { minRoundTimeoutMs, quorum } from "../consensus/index.ts";
import type { Database } from "../storage/database.ts";
import { computeDomain, type SignedFinalityVote, signingRoot, slotOf } from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";

/**
 * The rounds with a result that a sole authority makes with each block, of which a slot has one: its own vote is a
 * quorum, and two votes finalize a block.
 */
const roundsAlonePerBlock = 2;
/** Entries of final rounds are deleted when this many have accumulated: some 100 KB, and rarely a write of its own. */
const pruneEveryRounds = 1024;

export interface SigningOptions {
  database: Database;
  signer: Signer;
  /** Checks whether this data is the data that signed last. */
  identify(store: ProtectionStore): Promise<DataIdentityCheck>;
  /** True if this node knows no other, and finds none by itself. */
  isSolitary: boolean;
  genesis: Genesis;
  clock: Clock;
  logger: Logger;
  /** True if this account is the whole set. */
  isAlone(): boolean;
  answers: Readonly<FinalityAnswers>;
}

export interface FinalityAnswers {
  /** True once a peer has told what it knows of finality. */
  heard: boolean;
}

/**
 * The rounds that a sole authority can have entered: those with a result, and those after starts that found the last
 * vote lost.
 */
function roundsAlone(elapsedMs: number, slotMs: number): number {
  return roundsAlonePerBlock * Math.ceil(elapsedMs / slotMs) + Math.ceil(elapsedMs / minRoundTimeoutMs);
}

/** The signer of a node that makes blocks, with the record of what it signed. */
export async function openSigning(options: SigningOptions): Promise<ProtectedSigner> {
  const { database, signer, identify, genesis, clock, logger, isSolitary, isAlone, answers } = options;
  const store = new ProtectionStore(database);
  const { slotMs } = genesis.config;
  return createProtectedSigner({
    signer,
    store,
    clock,
    logger,
    slotOf: (timeMs) => slotOf(timeMs, slotMs),
    roundsAlone(elapsedMs) {
      // Nodes that are down may have later blocks that this account made final, alone or in a larger set.
      if (!isAlone() || !(isSolitary || answers.heard)) return undefined;
      return roundsAlone(Math.max(0, elapsedMs), slotMs);
    },
    identity: await identify(store),
  });
}

interface OwnSignaturesOptions {
  chain: Pick<Chain, "genesis" | "snapshot" | "finality" | "tree" | "events">;
  finalizer: Pick<Finalizer, "rounds" | "events">;
  logger: Logger;
  /** Set by `onAnswer`. */
  answers: FinalityAnswers;
}

/**
 * Reports to the signer the network's signatures of its account, and the progress of finality. The latter starts once a
 * peer has answered (`onAnswer`), so that this node's own old data does not count.
 */
export function followOwnSignatures(
  signer: ProtectedSigner,
  { chain, finalizer, logger, answers }: OwnSignaturesOptions,
): { onAnswer(): void; stop(): void } {
  const { genesis } = chain;
  const { slotMs } = genesis.config;
  const domain = computeDomain("header", genesis.id);
  const isOwn = (address: Uint8Array) => equalBytes(address, signer.publicKey);
  const report = (error: unknown) =>
    logger.error(
      { error: messageOf(error) },
      "a signature of this node's account could not be compared with its record",
    );
  let prunedRound = 0;

  /** The time of each proposer's newest block. */
  const signedAtMs = new Map<Hex, number>();

  const listen = async () => {
    // This is needed only after old data was restored.
    if (!answers.heard || !signer.doubt?.votes) return;
    const { authorities } = chain.snapshot;
    const { justified } = chain.finality;
    const block = await chain.tree.get(justified.block);
    const others = authorities.filter((authority) => !isOwn(authority));
    const blocksMs = others.map((authority) => signedAtMs.get(toHex(authority)) ?? 0);
    signer.hearRounds({
      // The highest round of all is not used: a faulty authority could keep this one from voting forever.
      reachedRound: finalizer.rounds.targets(authorities).ofMinority,
      justifiedRound: justified.round,
      votedAfterMs: block?.header.message.timestamp,
      aliveAfterMs: blocksMs.sort((a, b) => b - a)[quorum(authorities.length) - 2],
      isNeeded: others.length < quorum(authorities.length),
    });
  };
  const hear = () => {
    listen().catch(report);
  };
  const observe = async ({ message, voter }: SignedFinalityVote) => {
    if (!isOwn(voter)) return;
    const root = voteSigningRoot(message, genesis.id);
    const block = await chain.tree.get(message.target.block);
    const { source, target } = message;
    await signer.observeVote(
      { sourceRound: source.round, targetRound: target.round, root },
      block?.header.message.timestamp,
    );
  };
  const stops = [
    finalizer.events.on("signed", (vote) => {
      hear();
      observe(vote).catch(report);
    }),
    chain.events.on("imported", ({ header, id }) => {
      const { proposer, timestamp } = header.message;
      if (!isOwn(proposer)) {
        const key = toHex(proposer);
        signedAtMs.set(key, Math.max(signedAtMs.get(key) ?? 0, timestamp));
        return hear();
      }
      const slot = slotOf(timestamp, slotMs);
      signer.observeHeader({ slot, root: signingRoot(id, domain) }).catch(report);
    }),
    chain.events.on("finality", hear),
  ];
  const prune = async ({ finalized }: { finalized: { round: number; block: Uint8Array } }) => {
    if (finalized.round < prunedRound + pruneEveryRounds) return;
    prunedRound = finalized.round;
    const { header } = await chain.tree.require(finalized.block);
    await signer.prune({ slot: slotOf(header.message.timestamp, slotMs), targetRound: finalized.round });
  };
  stops.push(chain.events.on("finality", (status) => prune(status).catch(report)));
  return {
    onAnswer() {
      answers.heard = true;
      hear();
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
