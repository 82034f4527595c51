import type { Signer } from "../accounts/index.ts";
import {
  type ApiServices,
  type FinalityBody,
  type LedgerServices,
  type PeerBody,
  recoverySummaries,
  type StatusBody,
} from "../api/index.ts";
import { parametersJson, version } from "../config/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import type { EventLog } from "../storage/event-log.ts";
import { textOf, toHex } from "../util/bytes.ts";
import { Kept, keptFor } from "../util/kept.ts";
import type { ChainServices } from "./chain-services.ts";
import type { NodeCore } from "./core.ts";
import type { Peers } from "./create-peers.ts";
import { diagnose } from "./diagnosis.ts";
import type { DiagnosisInputs } from "./diagnosis-input.ts";
import { finalityBody } from "./finality-views.ts";

/** The parts of a node that its views show, besides the chain's. */
export interface ViewedParts extends Pick<Peers, "network" | "statuses"> {
  signer: Signer;
  eventLog: EventLog;
  adminToken: string;
  inputs: DiagnosisInputs;
}

/**
 * A diagnosis is reused for this long, because one of a large set of authorities takes milliseconds, and health checks
 * ask for it too.
 */
const diagnosisKeptMs = 100;

/** The parts of the node that the HTTP interface uses. */
export function apiServices(core: NodeCore, parts: ViewedParts): ApiServices {
  const { clock, peerLog: logger, metrics, coins, options } = core;
  const { eventLog, adminToken, inputs } = parts;
  let ledger: LedgerServices | undefined;
  return {
    status: () => status(core, parts),
    ledger: () => {
      if (core.services) ledger ??= ledgerServices(core.services);
      return ledger;
    },
    peers: () => peers(core, parts),
    eventLog,
    metrics,
    clock,
    logger,
    adminToken,
    coins,
    mines: options.mine,
    isKnownInSync: (address) => inputs.isKnownInSync(address),
    lastVoteMs: (address) => inputs.lastVoteMs(address),
    diagnosis: keptFor(clock, diagnosisKeptMs, () => diagnose(inputs.gather())),
    listEvidence: () =>
      (core.services?.evidence.list() ?? []).map(({ receivedAtMs, ...evidence }) => ({
        ...evidence,
        receivedAt: receivedAtMs,
        proposal: { candidate: evidence.offender, kind: "remove" },
      })),
  };
}

function ledgerServices(services: ChainServices): LedgerServices {
  const { chain, mempool, sideBlocks, chronicle, proposals, finalityStore } = services;
  const proofs = new Kept<FinalityBody["proof"]>();
  return {
    ...{ chain, mempool, sideBlocks, chronicle, proposals },
    finality: () => finalityBody(services, finalityStore, proofs),
    finalityProof: (height) => finalityStore.proofFrom(height),
  };
}

function status(
  { options, line, modes, services, clock }: NodeCore,
  { signer, network }: ViewedParts,
): StatusBody {
  const { chain, mempool, synchronizer } = services ?? {};
  const progress = synchronizer?.progress;
  return {
    version,
    nodeId: options.nodeId,
    peerId: network.peerId,
    address: signer.address,
    mode: modes.mode,
    time: clock.now(),
    genesisId: chain?.genesis.idHex ?? null,
    name: chain ? textOf(chain.genesis.config.name) : null,
    symbol: chain ? textOf(chain.genesis.config.symbol) : null,
    decimals: chain?.genesis.config.decimals ?? null,
    parameters: chain ? parametersJson(chain.snapshot.parameters) : null,
    knownRules: line.knownRules,
    periodMs: chain?.snapshot.parameters.periodMs ?? null,
    head: chain
      ? { height: chain.head.height, id: chain.head.idHex, timestamp: chain.head.header.message.timestamp }
      : null,
    finalized: chain ? { height: chain.finalized.height, id: toHex(chain.finalized.id) } : null,
    recoveries: chain ? recoverySummaries(chain) : [],
    peers: network.peers().length,
    mempool: {
      count: mempool?.count ?? 0,
      bytes: mempool?.bytes ?? 0,
      minFee: mempool?.leastFee.toString() ?? null,
    },
    sync: progress
      ? {
          startHeight: progress.startHeight,
          height: progress.currentHeight,
          targetHeight: progress.targetHeight,
          blocksPerSecond: progress.blocksPerSecond,
          remainingMs: progress.remainingMs ?? null,
        }
      : null,
  };
}

function peers({ authorityNodes }: NodeCore, { network, statuses }: ViewedParts): PeerBody[] {
  return network.peers().map(({ id, address, direction, score, connectedAtMs }) => {
    const known = statuses.get(id);
    const authority = authorityNodes?.of(id);
    return {
      id,
      address,
      direction,
      score,
      connectedAt: connectedAtMs,
      authority: authority ? encodeAddress(authority) : null,
      height: known?.status.height ?? null,
      rules: known?.status.rules ?? null,
      knownRules: known?.status.knownRules ?? null,
      followed: known?.isFollowed ?? true,
      clockOffset: known?.clockOffsetMs ?? null,
      latency: known?.roundTripMs ?? null,
    };
  });
}
