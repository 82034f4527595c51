import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { maxAuthorities } from "./authority.ts";
import { SignedHeader } from "./block.ts";
import { Amount, Bytes32, Count, Uint32 } from "./primitives.ts";

export const maxGenesisBalances = 2 ** 20;

/** The rules of one chain, fixed by its genesis. Periods in ms. */
export const ChainConfig = new ContainerType(
  {
    /** UTF-8. */
    name: new ByteListType(64),
    periodMs: Count,
    /** Blocks between two that clear the open authority votes (EIP-225). */
    epochLength: Count,
    /** Time after its parent at which a block without transactions may be made; 0: never. A policy of producers, not checked. */
    emptyBlockPeriodMs: Count,
    maxBlockTransactions: Uint32,
    /** Of the transactions of a block, encoded. */
    maxBlockBytes: Uint32,
    blockReward: Amount,
    minFee: Amount,
    authorities: new ListCompositeType(Bytes32, maxAuthorities),
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
/** The same bytes, left encoded. */
const EncodedCoinbase = new ByteListType(Coinbase.maxSize, { typeName: "Coinbase" });
/** Before the first balance. */
const coinbaseOffsetBytes = 4;

/** Its root is the `transactionsRoot` of the genesis header, so that the genesis id covers it. */
export const GenesisPayload = new ContainerType(
  { config: ChainConfig, coinbase: Coinbase },
  { typeName: "GenesisPayload" },
);
export type GenesisPayload = ValueOf<typeof GenesisPayload>;

/** The block at height 0. Its balances stay encoded: a million of them take a second to decode and five times the memory. */
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

/** How many balances there are. */
export function balanceCount({ payload }: Pick<GenesisBlock, "payload">): number {
  return (payload.coinbase.length - coinbaseOffsetBytes) / GenesisBalance.fixedSize!;
}

/** The first balances, all by default. @throws where they are not the encoding of a `Coinbase`. */
export function balancesOf({ payload }: Pick<GenesisBlock, "payload">, count?: number): GenesisBalance[] {
  const end = count === undefined ? undefined : coinbaseOffsetBytes + count * GenesisBalance.fixedSize!;
  return Coinbase.deserialize(payload.coinbase.subarray(0, end)).balances;
}
