import type { FinalityStatus } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import type { Logger } from "../util/logger.ts";
import type { Pause } from "../util/slices.ts";
import { type BlockChecks, freshChecks } from "./block-check.ts";
import { BlockImport } from "./block-import.ts";
import { BlockReader } from "./block-reader.ts";
import { BlockTree } from "./block-tree.ts";
import { Branches } from "./branches.ts";
import { CanonicalChain } from "./canonical.ts";
import { Checkpoints } from "./checkpoints.ts";
import { FinalityFollower } from "./finality-follower.ts";
import type { ForkBlocks } from "./fork-blocks.ts";
import type { Genesis } from "./genesis.ts";
import { HeaderRules } from "./header-rules.ts";
import { HistoryReader } from "./history-reader.ts";
import { InvalidBlocks } from "./invalid-blocks.ts";
import { Ledger } from "./ledger.ts";
import type { LoadedChain } from "./load.ts";
import { Participants } from "./participants.ts";
import { RecoveryAdoption } from "./recovery-adoption.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type { CanonicalBlock, HeadChange, StartStageTimer, WeightedHeader } from "./types.ts";

export interface ChainOptions {
  genesis: Genesis;
  /** The rules that this program knows. */
  rules: KnownRules;
  stores: ChainStores;
  verify: Verify;
  clock: Clock;
  logger: Logger;
  /** 8 random bytes that key the address index. */
  seed: Uint8Array;
  /** Lets other work run within a long task. */
  pause: Pause;
  startTimer: StartStageTimer;
}

export type ChainEvents = {
  /** A block has been stored, on whichever branch. */
  imported: WeightedHeader;
  /** A block has been stored that is not canonical. */
  aside: CanonicalBlock;
  head: HeadChange;
  /** This node has made a block, and the record of its signature is on disk. The block itself is written next. */
  sealed: CanonicalBlock;
  /** A higher checkpoint is justified, and perhaps one is final. */
  finality: FinalityStatus;
};

/** The parts of a chain. */
export interface ChainParts {
  stores: ChainStores;
  events: Emitter<ChainEvents>;
  checks: BlockChecks;
  tree: BlockTree;
  reader: BlockReader;
  history: HistoryReader;
  participants: Participants;
  forks: ForkBlocks;
  invalid: InvalidBlocks;
  headers: HeaderRules;
  ledger: Ledger;
  checkpoints: Checkpoints;
  canonical: CanonicalChain;
  recovery: RecoveryAdoption;
  blockImport: BlockImport;
  following: FinalityFollower;
  startTimer: StartStageTimer;
}

/** For a chain whose work nobody measures. */
export const untimed: StartStageTimer = () => () => undefined;

/** Makes the parts of a chain from what the database has. */
export function assembleChain(options: ChainOptions, loaded: LoadedChain): ChainParts {
  const { genesis, stores, rules, logger, verify } = options;
  const { head, snapshot, state, forks, recoveries } = loaded;
  const { config } = genesis;
  const events = new Emitter<ChainEvents>(logger);
  const isAccount = (address: Uint8Array) => state.indexOf(address) >= 0;
  const checks = freshChecks({ genesisId: genesis.id, isAccount, verify, pause: options.pause });
  const tree = new BlockTree(stores.blocks, config, rules, recoveries, snapshot);
  tree.remember(head, snapshot);
  const reader = new BlockReader(stores, tree, genesis, { head: () => canonical.head, pause: options.pause });
  const history = new HistoryReader(stores, genesis, () => canonical.head);
  const participants = new Participants(logger);
  const invalid = new InvalidBlocks(stores, tree, forks);
  const ledger = new Ledger(state, stores, rules, options.pause);
  const common = { ...options, config, tree, reader, forks, participants, invalid, ledger };

  const checkpoints = new Checkpoints(common, loaded.finality);
  const headers = new HeaderRules({ ...common, finalized: () => checkpoints.finalized });
  const branches = new Branches(tree, checkpoints.justified, () => forks.refs());
  const onChange = (change: HeadChange, imported: readonly WeightedHeader[]) => {
    if (change.retracted.length > 0) history.forgetBlocks();
    events.emit("head", change);
    for (const block of imported) events.emit("imported", block);
  };
  const onSealed = (block: CanonicalBlock) => events.emit("sealed", block);
  const canonical = new CanonicalChain({ ...common, onChange, onSealed }, head, snapshot);
  const onSide = (block: CanonicalBlock) => {
    events.emit("aside", block);
    events.emit("imported", block);
  };
  const blockImport = new BlockImport({ ...common, canonical, branches, headers, onSide });

  const onFinality = (status: FinalityStatus) => events.emit("finality", status);
  const onAdopted = () => {
    branches.setRoot(checkpoints.justified);
    onFinality(checkpoints.status);
  };
  const recovery = new RecoveryAdoption({ ...common, canonical, checkpoints, onAdopted });
  const followed = { ...common, canonical, checkpoints, branches, recovery };
  const following = new FinalityFollower({ ...followed, onFinality });
  return {
    ...common,
    history,
    events,
    checks,
    headers,
    checkpoints,
    canonical,
    recovery,
    blockImport,
    following,
  };
}
