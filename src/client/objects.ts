import { type Address, addressBytes } from "./address.ts";
import { concatBytes, fromHex, type Hex, malformed, toHex } from "./bytes.ts";
import {
  byteListRoot,
  byteVectorRoot,
  type Chunk,
  hashPair,
  listRoot,
  merkleize,
  uint64,
  zeroChunk,
} from "./merkle.ts";
import type { ChainParameters, Checkpoint, Genesis, Header, Link, Transaction } from "./types.ts";

/** Computes roots of the ledger's SSZ containers (protocols/README.md, section 2) from their JSON forms. */

export const maxMemoBytes = 256;
const maxAuthorities = 1024;
const maxGenesisBalances = 2 ** 20;
const maxAddressNames = 1024;

/** The numbers by which votes name parameters. */
const parameterNumbers: Readonly<Record<keyof ChainParameters, number>> = {
  periodMs: 1,
  emptyBlockPeriodMs: 2,
  minFee: 3,
  blockReward: 4,
  maxBlockTransactions: 5,
  maxBlockBytes: 6,
  rules: 7,
};

/** The domains of signatures. */
const domainTypes = { genesis: 0, transaction: 1, header: 2, finalityVote: 3 } as const;

/** Returns the 32 bytes that are signed. A signature for one chain or purpose is not valid for another. */
export function signingRoot(root: Chunk, type: keyof typeof domainTypes, genesisId: Hex): Chunk {
  const domain = concatBytes(Uint8Array.of(domainTypes[type], 0, 0, 0), bytes32(genesisId).subarray(0, 28));
  return hashPair(root, domain);
}

/** The fields of a transfer that are signed. */
export type TransferFields = Omit<Transaction, "id" | "signature">;

/** `hash_tree_root` of `Transfer`. */
export function transferRoot(transfer: TransferFields): Chunk {
  const { from, to, amount, fee, nonce, validUntil, memo, memoHex } = transfer;
  const memoBytes = memoHex === undefined ? new TextEncoder().encode(memo ?? "") : fromHex(memoHex);
  return merkleize([
    addressBytes(from),
    addressBytes(to),
    amountChunk(amount),
    amountChunk(fee),
    countChunk(nonce),
    countChunk(validUntil),
    byteListRoot(memoBytes, maxMemoBytes),
  ]);
}

/** Returns a transaction's id: its root, which covers the signature. */
export function transactionId(transaction: Omit<Transaction, "id">): Hex {
  const signature = byteVectorRoot(fromHex(transaction.signature, 64));
  return toHex(hashPair(transferRoot(transaction), signature));
}

/** `hash_tree_root` of `Header`: the block's id. */
export function headerRoot(header: Omit<Header, "id" | "signature">): Chunk {
  return merkleize([
    countChunk(header.height),
    bytes32(header.parent),
    countChunk(header.timestamp),
    addressBytes(header.proposer),
    uint8Chunk(header.difficulty),
    voteRoot(header.vote),
    bytes32(header.transactionsRoot),
    bytes32(header.stateRoot),
  ]);
}

/** `hash_tree_root` of `HeaderVote`. */
function voteRoot(vote: Header["vote"]): Chunk {
  if (!vote) return merkleize([zeroChunk, zeroChunk, zeroChunk, zeroChunk]);
  if (vote.kind === "set") {
    const parameter = uint8Chunk(
      parameterNumbers[vote.parameter] ?? malformed(`no parameter: ${vote.parameter}`),
    );
    return merkleize([uint8Chunk(3), zeroChunk, parameter, amountChunk(vote.value)]);
  }
  const kind = uint8Chunk(vote.kind === "add" ? 1 : 2);
  return merkleize([kind, addressBytes(vote.candidate), zeroChunk, zeroChunk]);
}

/** `hash_tree_root` of `ChainParameters`. */
export function parametersRoot(parameters: ChainParameters): Chunk {
  return merkleize([
    countChunk(parameters.periodMs),
    countChunk(parameters.emptyBlockPeriodMs),
    countChunk(parameters.maxBlockTransactions),
    countChunk(parameters.maxBlockBytes),
    amountChunk(parameters.blockReward),
    amountChunk(parameters.minFee),
    countChunk(parameters.rules),
  ]);
}

/** `hash_tree_root` of `Account`. */
export function accountRoot(account: { address: Address; balance: string; nonce: number }): Chunk {
  return merkleize([addressBytes(account.address), amountChunk(account.balance), countChunk(account.nonce)]);
}

/** `hash_tree_root` of `FinalityVote`. */
export function linkRoot({ source, target }: Link): Chunk {
  return hashPair(checkpointRoot(source), checkpointRoot(target));
}

/** `hash_tree_root` of a list of authorities. */
export function authoritiesRoot(authorities: readonly Address[]): Chunk {
  return listRoot(authorities.map(addressBytes), maxAuthorities);
}

/** Returns `hash_tree_root` of `Recovery`, which is its id. `authorities` ascend by their bytes. */
export function recoveryRoot({
  genesisId,
  previous,
  block,
  round,
  authorities,
  parameters,
}: {
  genesisId: Hex;
  previous: Hex;
  block: { height: number; id: Hex };
  round: number;
  authorities: readonly Address[];
  parameters: ChainParameters;
}): Chunk {
  return merkleize([
    bytes32(genesisId),
    bytes32(previous),
    hashPair(countChunk(block.height), bytes32(block.id)),
    countChunk(round),
    authoritiesRoot(authorities),
    parametersRoot(parameters),
  ]);
}

/** Returns `hash_tree_root` of `GenesisPayload`, a genesis header's `transactionsRoot`; needs all balances. */
export function genesisPayloadRoot(genesis: Genesis): Chunk {
  const config = merkleize([
    byteListRoot(new TextEncoder().encode(genesis.name), 64),
    byteListRoot(new TextEncoder().encode(genesis.symbol), 16),
    uint8Chunk(genesis.decimals),
    countChunk(genesis.slotMs),
    countChunk(genesis.epochLength),
    parametersRoot(genesis),
    authoritiesRoot(genesis.authorities),
    listRoot(genesis.names.map(addressNameRoot), maxAddressNames),
  ]);
  const balances = genesis.balances.map(({ address, balance }) =>
    hashPair(addressBytes(address), amountChunk(balance)),
  );
  // The root of a container with one field is the root of that field.
  return hashPair(config, listRoot(balances, maxGenesisBalances));
}

function addressNameRoot({ address, name }: Genesis["names"][number]): Chunk {
  return hashPair(addressBytes(address), byteListRoot(new TextEncoder().encode(name), 64));
}

export function bytes32(hex: Hex): Chunk {
  return fromHex(hex, 32);
}

function checkpointRoot({ round, height, id }: Checkpoint): Chunk {
  return merkleize([countChunk(round), countChunk(height), bytes32(id)]);
}

function amountChunk(amount: string): Chunk {
  if (typeof amount !== "string" || !/^(0|[1-9][0-9]{0,19})$/.test(amount)) malformed(`no amount: ${amount}`);
  return uint64(BigInt(amount));
}

function countChunk(count: number): Chunk {
  if (typeof count !== "number") malformed(`no number: ${count}`);
  return uint64(count);
}

function uint8Chunk(value: number): Chunk {
  if (!(value >= 0 && value < 256)) malformed(`not a whole number of 8 bits: ${value}`);
  return uint64(value);
}
