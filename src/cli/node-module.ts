import type { Signer } from "../accounts/index.ts";
import type { NodeOptions, NodePaths, RecoveryJson } from "../config/index.ts";
import type { ChainConfig, Coinbase } from "../types/genesis.ts";
import type { Recovery } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";
import type { Logger } from "../util/logger.ts";

export interface RunningNode {
  /** Base URL of the HTTP interface. */
  url: string;
  /** The command that lets another machine join, once there is a genesis block. */
  readonly joinLine: string | undefined;
  /** Settles once every port and file is closed: 0 after `stop`, rejected with the reason where the node ended by itself. */
  exitCode: Promise<number>;
  /** Resolves once every port and file is closed. */
  stop(reason: string): Promise<void>;
}

interface ChainFileOptions {
  paths: NodePaths;
  file: string;
  onProgress: (done: number, total: number) => void;
}

/** A chain in a folder of its own, for development. */
export interface DevChain {
  nodeId: number;
  genesisId: Hex;
  /** `key`: the seed, 64 hex digits. */
  wallet: { address: string; key: string };
  /** Balance of the wallet. */
  balance: bigint;
}

interface WrittenRecovery extends RecoveryJson {
  genesisId: Hex;
  /** Name of the chain. */
  name: string;
  /** Recoveries that the chain has gone through before. */
  earlier: number;
  /** Height of the head: the blocks from the recovery's to this one are left. */
  headHeight: number;
  /** By address. */
  names: Record<string, string>;
}

type ProtectionFileOptions = Omit<ChainFileOptions, "onProgress">;

/** The parts of `src/node/index.ts` that the command line needs. */
export interface NodeModule {
  runNode(options: NodeOptions, logger: Logger): Promise<RunningNode>;
  prepareDevChain(folder: string): Promise<DevChain>;
  /** Resolves to whether there was something to delete. */
  deleteDevChain(folder: string): Promise<boolean>;
  initGenesis(options: {
    paths: NodePaths;
    config: ChainConfig;
    coinbase: Coinbase;
    signer: Signer;
    /** Milliseconds since the Unix epoch. */
    now: number;
  }): Promise<{ genesisId: Hex }>;
  exportChain(options: ChainFileOptions): Promise<{ blocks: number }>;
  importChain(options: ChainFileOptions & { recoveries?: readonly Recovery[] }): Promise<{ blocks: number }>;
  exportProtection(options: ProtectionFileOptions): Promise<{ headers: number; votes: number }>;
  importProtection(options: ProtectionFileOptions): Promise<{ headers: number; votes: number }>;
  writeRecovery(options: {
    paths: NodePaths;
    file: string;
    authorities: readonly Uint8Array[];
  }): Promise<WrittenRecovery>;
  verifyChain(options: Omit<ChainFileOptions, "file">): Promise<{
    blocks: number;
    transactions: number;
    accounts: number;
    stateRoot: Hex;
  }>;
}

/** Loaded when a command needs it: libp2p and the database take longer to load than the other commands to run. */
export async function loadNode(): Promise<NodeModule> {
  return await import("../node/index.ts");
}
