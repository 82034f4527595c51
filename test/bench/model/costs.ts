import { signerFromSeed } from "../../../src/accounts/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { CompactBlock, Header, noVote, SignedFinalityVote, zero32 } from "../../../src/types/index.ts";
import type { Context } from "../figure.ts";
import { measureImport } from "../figures/import.ts";
import { transferBytes } from "../lib/senders.ts";
import { median } from "../lib/statistics.ts";
import { verifyRate } from "../lib/verify-limit.ts";
import type { ChainCosts } from "./chain.ts";

const transactions = 1_000;
const rounds = 50;

/** Computes sizes by the SSZ types, and measures times. */
export async function measureCosts(context: Context): Promise<ChainCosts> {
  const { value: importMs } = await measureImport(context, { transactions, rounds: 5, senders: 1_000 }, true);
  const { cpuMs: verifyMs } = await verifyRate();
  const checkpoint = { round: 0, height: 0, block: zero32 };
  const vote = {
    message: { source: checkpoint, target: checkpoint },
    voter: zero32,
    signature: new Uint8Array(64),
  };
  return {
    transactionBytes: transferBytes + 4,
    shortIdBytes: 8,
    headerBytes: (await compactBlock(0)).length,
    voteBytes: SignedFinalityVote.serialize(vote).length,
    verifyMs,
    headerMs: await headerMs(),
    importMsPerTransaction: importMs / transactions,
  };
}

async function compactBlock(shortIds: number): Promise<Uint8Array> {
  const signer = signerFromSeed(new Uint8Array(32).fill(1));
  const message = {
    height: 1,
    parent: zero32,
    timestamp: 1,
    proposer: signer.publicKey,
    difficulty: 1,
    vote: noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
  };
  const signature = await signer.sign(Header.hashTreeRoot(message));
  return CompactBlock.serialize({
    header: { message, signature },
    shortIds: Array.from({ length: shortIds }, () => new Uint8Array(8)),
  });
}

/** Measures how long a node checks a compact block before it forwards it, without lookups. */
async function headerMs(): Promise<number> {
  const encoded = await compactBlock(transactions);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const { message, signature } = CompactBlock.deserialize(encoded).header;
    const [valid] = await verifySignatures([
      { publicKey: message.proposer, message: Header.hashTreeRoot(message), signature },
    ]);
    times.push(performance.now() - startedAt);
    if (!valid) throw new Error("the header was not signed");
  }
  return median(times);
}
