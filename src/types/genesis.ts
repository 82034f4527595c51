import { hash } from "@chainsafe/hashtree";
import { digest64 } from "@chainsafe/persistent-merkle-tree";
import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import type { Pause } from "../util/slices.ts";
import { maxAuthorities } from "./authority.ts";
import { SignedHeader } from "./block.ts";
import { listRootInSlices } from "./list-root.ts";
import { ChainParameters } from "./parameters.ts";
import { Amount, Bytes32, Count, Uint8 } from "./primitives.ts";
import { rootOf } from "./root.ts";

export const maxGenesisBalances = 2 ** 20;

export const maxAddressNames = 1024;

/** A name by which people know an address. It is for display only. */
const AddressName = new ContainerType(
  { address: Bytes32, name: new ByteListType(64) },
  { typeName: "AddressName" },
);

/** The configuration of one chain, set by its genesis. Texts are UTF-8. */
export const ChainConfig = new ContainerType(
  {
    name: new ByteListType(64),
    /** The symbol of the unit that people count in, such as EUR. Like `decimals`, it is for display only. */
    symbol: new ByteListType(16),
    /** One unit is 10^decimals base units. */
    decimals: Uint8,
    /** The length of a time slot in ms. An authority signs at most one header in each. It never changes. */
    slotMs: Count,
    /** Number of blocks after which the open votes are cleared (EIP-225). */
    epochLength: Count,
    /** The parameters that apply from the first block on, until a vote changes them. */
    parameters: ChainParameters,
    authorities: new ListCompositeType(Bytes32, maxAuthorities),
    /** Addresses ascend by their bytes. */
    names: new ListCompositeType(AddressName, maxAddressNames),
  },
  { typeName: "ChainConfig" },
);
export type ChainConfig = ValueOf<typeof ChainConfig>;

export const GenesisBalance = new ContainerType(
  { address: Bytes32, balance: Amount },
  { typeName: "GenesisBalance" },
);
export type GenesisBalance = ValueOf<typeof GenesisBalance>;

/** The coinbase transaction creates these accounts, in this order. */
export const Coinbase = new ContainerType(
  { balances: new ListCompositeType(GenesisBalance, maxGenesisBalances) },
  { typeName: "Coinbase" },
);
export type Coinbase = ValueOf<typeof Coinbase>;
/** The coinbase with its balances left encoded. */
const EncodedCoinbase = new ByteListType(Coinbase.maxSize, { typeName: "Coinbase" });
/** Bytes before the first balance. */
const coinbaseOffsetBytes = 4;
const balanceBytes = GenesisBalance.fixedSize!;

/**
 * The payload of a genesis block. Its root is the `transactionsRoot` of the genesis header, so that the genesis id
 * covers it.
 */
export const GenesisPayload = new ContainerType(
  { config: ChainConfig, coinbase: Coinbase },
  { typeName: "GenesisPayload" },
);
export type GenesisPayload = ValueOf<typeof GenesisPayload>;

/**
 * The block at height 0. Its balances stay encoded: decoding a million of them takes a second and five times the
 * memory.
 */
export const GenesisBlock = new ContainerType(
  {
    header: SignedHeader,
    payload: new ContainerType(
      { config: ChainConfig, coinbase: EncodedCoinbase },
      { typeName: "GenesisPayload" },
    ),
  },
  { typeName: "GenesisBlock" },
);
export type GenesisBlock = ValueOf<typeof GenesisBlock>;

/**
 * The root of the payload, made in slices from its balances as they are encoded. They need not be what `Coinbase` can
 * decode.
 */
export async function genesisPayloadRoot(
  { payload }: Pick<GenesisBlock, "payload">,
  pause: Pause,
): Promise<Uint8Array> {
  const balances = payload.coinbase.subarray(coinbaseOffsetBytes);
  const list = {
    length: Math.ceil(balances.length / balanceBytes),
    depth: Math.log2(maxGenesisBalances),
    rootsOf: (from: number, to: number) =>
      balanceRoots(balances.subarray(from * balanceBytes, to * balanceBytes)),
  };
  // A container of one field has the root of that.
  return digest64(rootOf(ChainConfig, payload.config), await listRootInSlices(list, pause));
}

/** The address and the balance are a chunk each. */
function balanceRoots(encoded: Uint8Array): Uint8Array {
  const count = Math.ceil(encoded.length / balanceBytes);
  const chunks = new Uint8Array(count * 64);
  for (let index = 0; index < count; index++)
    chunks.set(encoded.subarray(index * balanceBytes, (index + 1) * balanceBytes), index * 64);
  return hash(chunks);
}

/** The number of balances. */
export function balanceCount({ payload }: Pick<GenesisBlock, "payload">): number {
  return (payload.coinbase.length - coinbaseOffsetBytes) / balanceBytes;
}

/** The first `count` balances, or all. @throws if they are not the encoding of a `Coinbase`. */
export function balancesOf({ payload }: Pick<GenesisBlock, "payload">, count?: number): GenesisBalance[] {
  const end = count === undefined ? undefined : coinbaseOffsetBytes + count * balanceBytes;
  return Coinbase.deserialize(payload.coinbase.subarray(0, end)).balances;
}
