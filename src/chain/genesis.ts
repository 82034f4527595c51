import { checkChainConfig, checkCoinbase } from "../config/chain-limits.ts";
import { genesisSnapshot } from "../consensus/index.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { AccountState } from "../state/index.ts";
import type { GenesisHead } from "../storage/meta.ts";
import {
  balancesOf,
  type ChainConfig,
  Coinbase,
  type GenesisBalance,
  type GenesisBlock,
  GenesisPayload,
  genesisPayloadRoot,
} from "../types/genesis.ts";
import {
  type ChainSnapshot,
  computeDomain,
  Header,
  HeaderVote,
  isSafeCount,
  noVote,
  rootOf,
  signingRoot,
  zero32,
} from "../types/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import { type Pause, systemPause } from "../util/slices.ts";
import type { ChainStores } from "./stores.ts";
import type { GenesisSigner } from "./types.ts";

/** Being in turn has no meaning at height 0. */
const genesisDifficulty = 1;

/** Facts that follow from a checked genesis block. */
export interface Genesis {
  id: Uint8Array;
  idHex: Hex;
  config: ChainConfig;
  snapshot: ChainSnapshot;
}

export interface CheckedGenesis extends Genesis {
  block: GenesisBlock;
}

/** Makes and signs the block at height 0. `timestampMs` distinguishes its id, and so the chain, from any other. */
export async function createGenesis(
  config: ChainConfig,
  coinbase: Coinbase,
  signer: GenesisSigner,
  timestampMs: number,
): Promise<GenesisBlock> {
  const payload = { config, coinbase };
  const message: Header = {
    height: 0,
    parent: zero32,
    timestamp: timestampMs,
    proposer: signer.publicKey,
    difficulty: genesisDifficulty,
    vote: noVote,
    transactionsRoot: rootOf(GenesisPayload, payload),
    stateRoot: genesisState(coinbase.balances).stateRoot(genesisSnapshot(config)),
  };
  const signature = await signer.sign(genesisSigningRoot(message));
  return { header: { message, signature }, payload: { config, coinbase: Coinbase.serialize(coinbase) } };
}

/** Derives the facts from a checked block, such as a stored one. */
export function genesisOf({ header, config }: GenesisHead): Genesis {
  const id = rootOf(Header, header.message);
  return { id, idHex: toHex(id), config, snapshot: genesisSnapshot(config) };
}

/**
 * A payload that is not the header's is refused before its balances are decoded: anybody can put a million of them
 * below a header that everybody knows. @throws {CodedError} `INVALID_GENESIS` with the rule that is broken.
 */
export async function checkGenesis(
  block: GenesisBlock,
  verify: Verify,
  pause: Pause = systemPause,
): Promise<CheckedGenesis> {
  const { header } = block;
  const { message } = header;
  const { config } = block.payload;
  const require = (rule: string, holds: boolean) => {
    if (!holds) throw new CodedError("INVALID_GENESIS", `invalid genesis block: ${rule}`);
  };
  require("its header is not that of a first block", message.height === 0 &&
    isSafeCount(message.timestamp) &&
    message.difficulty === genesisDifficulty &&
    HeaderVote.equals(message.vote, noVote) &&
    equalBytes(message.parent, zero32));
  require("its transactionsRoot is not the root of its payload", equalBytes(
    await genesisPayloadRoot(block, pause),
    message.transactionsRoot,
  ));
  checkChainConfig(config);
  const balances = decodeBalances(block);
  checkCoinbase({ balances });
  const signatureSet = {
    publicKey: message.proposer,
    message: genesisSigningRoot(message),
    signature: header.signature,
    newKey: true,
  };
  const [signed] = await verify([signatureSet]);
  require("its signature is wrong", signed === true);
  const named = [...config.names, ...balances].map(({ address }) => address);
  const addresses = [...config.authorities, ...named];
  const verdicts = await verify(addresses.map((address) => ({ address })));
  require("it names an address that no key belongs to", verdicts.every(Boolean));
  const genesis = { ...genesisOf({ header, config }), block };
  const stateRoot = genesisState(balances).stateRoot(genesis.snapshot);
  require("its stateRoot is wrong", equalBytes(stateRoot, message.stateRoot));
  return genesis;
}

function decodeBalances(block: GenesisBlock) {
  try {
    return balancesOf(block);
  } catch (error) {
    throw new CodedError("INVALID_GENESIS", "invalid genesis block: its balances are malformed", {
      cause: error,
    });
  }
}

/** Makes an empty database the start of this chain, in one synced batch. */
export async function storeGenesis(stores: ChainStores, genesis: CheckedGenesis): Promise<void> {
  const { id, block, snapshot } = genesis;
  const record = { header: block.header, totalDifficulty: 0, transactionCount: 0, bodyBytes: 0 };
  await stores.database.commit([
    ...stores.blocks.put(id, record, new Uint8Array()),
    stores.blocks.setCanonical({ height: 0, id, timestamp: block.header.message.timestamp }),
    stores.blocks.putSnapshot(id, snapshot),
    ...stores.accounts.putNew(genesisState(balancesOf(block))),
    ...stores.meta.setHead(id, snapshot),
    ...stores.meta.setGenesis(block),
  ]);
}

function genesisState(balances: readonly GenesisBalance[]): AccountState {
  return AccountState.fromGenesis(balances, zero32.subarray(0, 8));
}

/** The genesis header is signed under the zero id, because the genesis id is not known before. */
function genesisSigningRoot(message: Header): Uint8Array {
  return signingRoot(rootOf(Header, message), computeDomain("genesis", zero32));
}
