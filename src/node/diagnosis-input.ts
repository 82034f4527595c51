import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import { recoveryId, sameAddress } from "../consensus/index.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network } from "../network/types.ts";
import type { FinalityConflict } from "../sync/conflicting-finality.ts";
import type { SyncProgress } from "../sync/download-progress.ts";
import type { RecoveryClaims } from "../sync/other-recoveries.ts";
import type { PeerStatuses } from "../sync/peer-statuses.ts";
import type { ShownChain } from "../sync/synchronizer.ts";
import { type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru.ts";
import { AuthorityActivity } from "./authority-activity.ts";
import type {
  ChainInput,
  DiagnosisInput,
  FinalityInput,
  PeerInput,
  RecoveryInput,
  SigningLock,
} from "./diagnosis-types.ts";
import type { ModeMachine } from "./mode.ts";

/** Blocks of the same height come within a few periods; an authority can sign any number of them. */
const keptBlocks = 256;

/** The sources of a diagnosis. */
export interface DiagnosisSources {
  clock: Clock;
  modes: Pick<ModeMachine, "mode" | "events">;
  network: Pick<Network, "peers" | "hostOf">;
  statuses: Pick<PeerStatuses, "get">;
  own: { publicKey: Uint8Array; mines: boolean };
  hasGenesis(): boolean;
  /** The signatures that the account refuses now. */
  signingLock(): SigningLock | undefined;
  /** Returns the parts of the input that are used unchanged. */
  facts(): NodeFacts;
}

type NodeFacts = Pick<
  DiagnosisInput,
  "genesisPin" | "writeFailure" | "freeDiskBytes" | "unreached" | "ownChain" | "places" | "mainThread"
>;

/** The sources that exist once a genesis block is known. */
export interface DiagnosisChainSources {
  chain: Pick<Chain, "head" | "finalized" | "snapshot" | "rules" | "awaited" | "events" | "reader" | "tree">;
  mempool: Pick<Mempool, "hasExecutable" | "nonceGap">;
  synchronizer: { readonly progress: SyncProgress | undefined; readonly shown: ShownChain | undefined };
  /** The finality input without `waitingSinceMs`, which is tracked here. */
  finality(): Omit<FinalityInput, "waitingSinceMs">;
  conflicts: { list(): FinalityConflict[] };
  recoveries: { claims(): RecoveryClaims };
}

/** Watches the node, so that a diagnosis can be made at any moment from plain values. */
export class DiagnosisInputs {
  readonly #sources: DiagnosisSources;
  readonly #stops: (() => void)[];
  #parts: DiagnosisChainSources | undefined;
  #activity: AuthorityActivity | undefined;
  /** Blocks that were imported since the start, newest last. */
  readonly #blocks = new LruMap<Hex, { height: number; id: Hex }>(keptBlocks);
  #sinceMs: number;
  #wantedSinceMs: number | undefined;
  #finalizedHeight = 0;
  #finalityWaitingSinceMs: number | undefined;

  constructor(sources: DiagnosisSources) {
    const { clock, modes } = sources;
    this.#sources = sources;
    this.#sinceMs = clock.now();
    this.#stops = [
      modes.events.on("mode", () => {
        this.#sinceMs = clock.now();
      }),
    ];
  }

  /** Call this once there is a chain, after the mempool has begun to follow it. */
  async follow(parts: DiagnosisChainSources): Promise<void> {
    const { chain } = parts;
    const activity = new AuthorityActivity(chain);
    this.#parts = parts;
    this.#activity = activity;
    this.#sinceMs = this.#sources.clock.now();
    this.#stops.push(
      chain.events.on("head", (change) => {
        this.#sinceMs = this.#sources.clock.now();
        this.#wantedSinceMs = undefined;
        activity.onHead(change);
        this.#watch(parts);
      }),
    );
    const note = ({ height, idHex: id }: WeightedHeader) => this.#blocks.set(id, { height, id });
    note(chain.head);
    this.#stops.push(chain.events.on("imported", note));
    await activity.load();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** `voter` is an authority whose signature was checked. */
  onFinalityVote(voter: Uint8Array): void {
    this.#activity?.onFinalityVote(voter, this.#sources.clock.now());
  }

  /**
   * True for this node's own account while it is in step, and for an account that signed a block recently; otherwise
   * unknown.
   */
  isKnownInSync(address: Uint8Array): boolean | undefined {
    const { own, modes } = this.#sources;
    if (sameAddress(address, own.publicKey)) return modes.mode === "ready";
    return this.#activity?.hasSignedRecently(address);
  }

  /** The time at which the last finality vote of an authority arrived; `undefined` if none has since the start. */
  lastVoteMs(address: Uint8Array): number | undefined {
    return this.#activity?.all().get(toHex(address))?.lastVoteMs;
  }

  gather(): DiagnosisInput {
    const { clock, modes, own, hasGenesis, signingLock, facts } = this.#sources;
    const parts = this.#parts;
    const progress = parts?.synchronizer.progress;
    if (parts) this.#watch(parts);
    return {
      ...facts(),
      nowMs: clock.now(),
      mode: modes.mode,
      own: { address: own.publicKey, mines: own.mines, signingLock: signingLock() },
      peers: this.#peers(),
      hasGenesis: parts !== undefined || hasGenesis(),
      chain: parts && this.#chain(parts),
      shown: parts?.synchronizer.shown,
      sync: progress && { height: progress.currentHeight, ...progress },
    };
  }

  /** Records since when there has been something to do. */
  #watch({ chain, mempool }: DiagnosisChainSources): void {
    const nowMs = this.#sources.clock.now();
    const { head, finalized } = chain;
    this.#wantedSinceMs = mempool.hasExecutable ? (this.#wantedSinceMs ?? nowMs) : undefined;
    if (finalized.height > this.#finalizedHeight) this.#finalityWaitingSinceMs = undefined;
    this.#finalizedHeight = finalized.height;
    this.#finalityWaitingSinceMs =
      head.height > finalized.height ? (this.#finalityWaitingSinceMs ?? nowMs) : undefined;
  }

  #chain({ chain, mempool, finality, conflicts, recoveries }: DiagnosisChainSources): ChainInput {
    const { head, snapshot } = chain;
    return {
      head: {
        height: head.height,
        id: head.idHex,
        timestampMs: head.header.message.timestamp,
      },
      rivals: [...this.#blocks.values()].filter(
        ({ height, id }) => height >= head.height && id !== head.idHex,
      ),
      sinceMs: this.#sinceMs,
      snapshot,
      periodMs: snapshot.parameters.periodMs,
      knownRules: chain.rules.newest,
      emptyBlockPeriodMs: snapshot.parameters.emptyBlockPeriodMs,
      wantedSinceMs: this.#wantedSinceMs,
      nonceGap: mempool.nonceGap,
      activity: this.#activity?.all() ?? new Map(),
      conflicts: conflicts.list(),
      recovery: { awaited: awaitedBlock(chain), ...recoveries.claims() },
      finality: { ...finality(), waitingSinceMs: this.#finalityWaitingSinceMs },
    };
  }

  #peers(): PeerInput[] {
    const { network, statuses } = this.#sources;
    return network.peers().map(({ id, address, chosen, connectedAtMs }) => {
      const { clockOffsetMs, roundTripMs, isFollowed } = statuses.get(id) ?? {};
      const host = network.hostOf(id);
      return { id, host, address, chosen, connectedAtMs, isFollowed, clockOffsetMs, roundTripMs };
    });
  }
}

function awaitedBlock({ awaited }: Pick<Chain, "awaited">): RecoveryInput["awaited"] {
  if (!awaited) return undefined;
  const { height, id } = awaited.block;
  return { id: toHex(recoveryId(awaited)), height, block: toHex(id) };
}
