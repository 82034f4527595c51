import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { placeOf } from "../lib/senders.ts";
import { type Call, checkRpcAnswer, rpc, rpcAll, rpcPosts } from "./json-rpc.ts";
import { ethereumAddress, type SignDigest, signLegacy } from "./legacy-transaction.ts";
import { type Form, type Instance, senders } from "./program.ts";

/** The chain id that both anvil and Hardhat have by default. */
const chainId = 31_337n;
const gasLimit = 21_000n;
/** Above every base fee that blocks of this load lead to. */
const gasPrice = 100_000_000_000n;
const balance = `0x${(10n ** 24n).toString(16)}`;
const pollMs = 5;

export interface Secp256k1 {
  pointFromScalar(key: Uint8Array, compressed: boolean): Uint8Array;
  signRecoverable(digest: Uint8Array, key: Uint8Array): ReturnType<SignDigest>;
}

/** Loads the signer from the folder in which it was installed: it is no dependency of the project. */
export function loadSecp256k1(folder: string): Secp256k1 {
  return createRequire(join(folder, "package.json"))("tiny-secp256k1") as Secp256k1;
}

export interface SignedTransfers {
  addresses: string[];
  transfers: { raw: string; hash: string }[];
}

export function secretKey(sender: number): Uint8Array {
  return sha256(uint32Bytes(sender));
}

/** Signs the first `count` transfers, which are the same on every chain with this id. */
export function signTransfers(secp256k1: Secp256k1, count: number): SignedTransfers {
  const keys = Array.from({ length: senders }, (_, sender) => secretKey(sender));
  const addresses = keys.map((key) => ethereumAddress(secp256k1.pointFromScalar(key, false)));
  const transfers = Array.from({ length: count }, (_, index) => {
    const { from, to, nonce } = placeOf(index, senders);
    const sign: SignDigest = (digest) => secp256k1.signRecoverable(digest, keys[from]!);
    const transfer = { nonce: BigInt(nonce), gasPrice, gasLimit, to: addresses[to]!, value: 1n, chainId };
    return signLegacy(transfer, sign);
  });
  return { addresses: addresses.map(toHex), transfers };
}

/** Returns what an instance of an Ethereum node does, except for its process. */
export function ethereumInstance(port: number, { addresses, transfers }: SignedTransfers) {
  const endpoint = { port };
  const isIncluded = async (index: number) =>
    (await rpc<object | null>(endpoint, "eth_getTransactionReceipt", transfers[index]!.hash)) !== null;
  const countOfSent = async () => {
    const calls = addresses.map((address): Call => ["eth_getTransactionCount", address, "latest"]);
    return (await rpcAll<string>(endpoint, calls)).reduce((sum, nonce) => sum + Number(nonce), 0);
  };
  return {
    port,
    answers: async () => (await rpc<string>(endpoint, "eth_blockNumber")).length > 0,
    async pay() {
      await rpcAll(
        endpoint,
        addresses.map((address): Call => ["hardhat_setBalance", address, balance]),
      );
    },
    requests(form: Form, first: number, end: number) {
      const calls = transfers.slice(first, end).map(({ raw }): Call => ["eth_sendRawTransaction", raw]);
      return rpcPosts(endpoint, form, calls);
    },
    checkAnswer: checkRpcAnswer,
    async committed(end: number) {
      for (;;) {
        if (await isIncluded(end - 1)) {
          const atMs = performance.now();
          if ((await countOfSent()) >= end) return atMs;
        }
        await sleep(pollMs);
      }
    },
    async knows(index: number) {
      return (
        (await rpc<object | null>(endpoint, "eth_getTransactionByHash", transfers[index]!.hash)) !== null
      );
    },
  } satisfies Partial<Instance>;
}
