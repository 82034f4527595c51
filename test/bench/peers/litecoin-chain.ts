import { placeOf } from "../lib/senders.ts";
import { type Secp256k1, secretKey } from "./ethereum.ts";
import { type Call, type Endpoint, rpc, rpcAll } from "./json-rpc.ts";
import {
  importedKey,
  type Outpoint,
  unsignedTransaction,
  withoutPrefix,
  witnessAddress,
  witnessScript,
} from "./litecoin-transaction.ts";
import { senders } from "./program.ts";

/** Blocks before the first coinbases can be spent, and enough of these to pay all senders. */
const firstBlocks = 110;
const coinsPerSender = 0.01;
const unitsPerCoin = 100_000_000;
const amount = 10_000n;
/** Above the least fee that is relayed, 1 a byte. */
const fee = 1_000n;
/** A transaction of this many outputs stays below the size that is relayed. */
const paidAtOnce = 1_600;

/** Transfers that spend what the senders have in a prepared chain. */
export interface PreparedChain {
  transfers: { hex: string; txid: string }[];
  /** The address that new blocks pay. */
  address: string;
}

interface Coins extends Outpoint {
  amount: bigint;
}

/** Makes a chain in which every sender has coins, on a node without blocks, and signs transfers. */
export async function prepareChain(
  endpoint: Endpoint,
  secp256k1: Secp256k1,
  count: number,
): Promise<PreparedChain> {
  const keys = Array.from({ length: senders }, (_, sender) => {
    const key = secretKey(sender);
    const publicKey = secp256k1.pointFromScalar(key, true);
    const script = witnessScript(publicKey);
    return { imported: importedKey(key), address: witnessAddress(publicKey), script };
  });
  await rpc(endpoint, "createwallet", "bench");
  const address = await rpc<string>(endpoint, "getnewaddress");
  await rpc(endpoint, "generatetoaddress", firstBlocks, address);
  const coins = await paySenders(
    endpoint,
    keys.map((key) => key.address),
  );
  await rpc(endpoint, "generatetoaddress", 1, address);
  const unsigned = Array.from({ length: count }, (_, index) => {
    const { from, to } = placeOf(index, senders);
    const { script } = keys[from]!;
    const spent = coins[from]!;
    const rest = spent.amount - amount - fee;
    const outputs = [
      { script: keys[to]!.script, amount },
      { script, amount: rest },
    ];
    const transaction = unsignedTransaction(spent, outputs);
    coins[from] = { txid: transaction.txid, index: 1, amount: rest };
    return { ...transaction, spent, from };
  });
  const signed = await rpcAll<{ hex: string }>(
    endpoint,
    unsigned.map(({ hex, spent, from }): Call => {
      const scriptPubKey = withoutPrefix(keys[from]!.script);
      const { txid, index: vout } = spent;
      const previous = { txid, vout, scriptPubKey, amount: coinText(spent.amount) };
      return ["signrawtransactionwithkey", hex, [keys[from]!.imported], [previous]];
    }),
  );
  return { transfers: signed.map(({ hex }, index) => ({ hex, txid: unsigned[index]!.txid })), address };
}

/** Pays the senders and returns the coins of each. */
async function paySenders(endpoint: Endpoint, addresses: readonly string[]): Promise<Coins[]> {
  const found = new Map<string, Coins>();
  for (let start = 0; start < addresses.length; start += paidAtOnce) {
    const paid = addresses.slice(start, start + paidAtOnce);
    const amounts = Object.fromEntries(paid.map((address) => [address, coinsPerSender]));
    const txid = await rpc<string>(endpoint, "sendmany", "", amounts);
    const { hex } = await rpc<{ hex: string }>(endpoint, "gettransaction", txid);
    const { vout } = await rpc<Decoded>(endpoint, "decoderawtransaction", hex);
    for (const { n, value, scriptPubKey } of vout) {
      const coins = { txid, index: n, amount: BigInt(Math.round(value * unitsPerCoin)) };
      for (const address of scriptPubKey.addresses ?? []) found.set(address, coins);
    }
  }
  return addresses.map((address) => found.get(address)!);
}

interface Decoded {
  vout: { n: number; value: number; scriptPubKey: { addresses?: string[] } }[];
}

function coinText(units: bigint): string {
  return (Number(units) / unitsPerCoin).toFixed(8);
}
