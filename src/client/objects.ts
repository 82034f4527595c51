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
import type { Checkpoint, Genesis, Header, Link, Transaction } from "./types.ts";

/** Roots of the ledger's SSZ containers (protocols/README.md, section 2), from their JSON forms. */

export const maxMemoBytes = 256;
export const maxAuthorities = 1024;
const maxGenesisBalances = 2 ** 20;

/** What a signature is for. */
const domainTypes = { genesis: 0, transaction: 1, header: 2, finalityVote: 3 } as const;

/** The 32 bytes that are signed: nothing signed for one chain or purpose is valid for another. */
export function signingRoot(root: Chunk, type: keyof typeof domainTypes, genesisId: Hex): Chunk {
  const domain = concatBytes(Uint8Array.of(domainTypes[type], 0, 0, 0), bytes32(genesisId).subarray(0, 28));
  return hashPair(root, domain);
}

type TransferFields = Omit<Transaction, "id" | "signature">;

/** `hash_tree_root` of `Transfer`. */
export function transferRoot({ from, to, amount, fee, nonce, memo, memoHex }: TransferFields): Chunk {
  const memoBytes = memoHex === undefined ? new TextEncoder().encode(memo ?? "") : fromHex(memoHex);
  return merkleize([
    addressBytes(from),
    addressBytes(to),
    amountChunk(amount),
    amountChunk(fee),
    countChunk(nonce),
    byteListRoot(memoBytes, maxMemoBytes),
  ]);
}

/** A transaction's id: its root, which covers the signature. */
export function transactionId(transaction: Omit<Transaction, "id">): Hex {
  const signature = byteVectorRoot(fromHex(transaction.signature, 64));
  return toHex(hashPair(transferRoot(transaction), signature));
}

/** `hash_tree_root` of `Header`: the block's id. */
export function headerRoot(header: Omit<Header, "id" | "signature">): Chunk {
  const { vote } = header;
  const [kind, candidate] = vote
    ? [vote.kind === "add" ? 1 : 2, addressBytes(vote.candidate)]
    : [0, zeroChunk];
  return merkleize([
    countChunk(header.height),
    bytes32(header.parent),
    countChunk(header.timestamp),
    addressBytes(header.proposer),
    uint8Chunk(header.difficulty),
    hashPair(uint8Chunk(kind), candidate),
    bytes32(header.transactionsRoot),
    bytes32(header.stateRoot),
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

/** `hash_tree_root` of `GenesisPayload`: the `transactionsRoot` of a genesis header. All balances must be there. */
export function genesisPayloadRoot(genesis: Genesis): Chunk {
  const config = merkleize([
    byteListRoot(new TextEncoder().encode(genesis.name), 64),
    countChunk(genesis.periodMs),
    countChunk(genesis.epochLength),
    countChunk(genesis.emptyBlockPeriodMs),
    countChunk(genesis.maxBlockTransactions),
    countChunk(genesis.maxBlockBytes),
    amountChunk(genesis.blockReward),
    amountChunk(genesis.minFee),
    authoritiesRoot(genesis.authorities),
  ]);
  const balances = genesis.balances.map(({ address, balance }) =>
    hashPair(addressBytes(address), amountChunk(balance)),
  );
  // A container of one field has the field's root.
  return hashPair(config, listRoot(balances, maxGenesisBalances));
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
  if (!(value >= 0 && value < 256)) malformed(`not a number of 8 bits: ${value}`);
  return uint64(value);
}
