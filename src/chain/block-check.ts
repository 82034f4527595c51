import { isWellFormedVote } from "../consensus/index.ts";
import { isAddress } from "../crypto/address.ts";
import type { Verify } from "../crypto/ed25519.ts";
import { BlockError } from "../types/errors.ts";
import {
  type ChainParameters,
  computeDomain,
  decodeRecordsInSlices,
  type EncodedBlock,
  encodeRecords,
  Header,
  isSafeCount,
  rootOf,
  type SignedHeader,
  signatureSet,
  signingRoot,
  type TransactionRecord,
  transactionCount,
  transactionsRoot,
} from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import type { Pause } from "../util/slices.ts";
import type { CheckedBlock } from "./types.ts";

/** The facts of the chain that stage 1 needs. */
export interface BlockChecks {
  genesisId: Uint8Array;
  verify: Verify;
  /** Verdicts on the signatures of transactions, some of which may have been checked before. */
  verifyTransactions(records: readonly TransactionRecord[]): Promise<boolean[]>;
  /** Lets other work run while a long list of transactions is decoded. */
  pause: Pause;
  /** True if an account of this chain has this address, which was checked when the account was created. */
  isAccount(address: Uint8Array): boolean;
}

export interface CheckOptions {
  /** The header's root, if it is known. */
  id?: Uint8Array;
  /** True if the header's signature was checked before. */
  signedHeader?: boolean;
  /** The encoded transactions, if they are known. */
  body?: Uint8Array;
}

/** Checks without remembered signatures: each one is verified. */
export function freshChecks(
  facts: Pick<BlockChecks, "genesisId" | "verify" | "isAccount" | "pause">,
): BlockChecks {
  const { verify, isAccount } = facts;
  return {
    ...facts,
    verifyTransactions: (records) => verify(records.map((record) => signatureSet(record, isAccount))),
  };
}

/** Stage 1: all checks that need no other block. @throws {BlockError} */
export async function checkBlock(
  { header, body }: EncodedBlock,
  checks: BlockChecks,
  options: CheckOptions = {},
): Promise<CheckedBlock> {
  return checkRecords(header, await decodeBody(body, checks), checks, { ...options, body });
}

/** The records of encoded transactions, which they keep. @throws {BlockError} `MALFORMED` */
export async function decodeBody(
  body: Uint8Array,
  { genesisId, pause }: Pick<BlockChecks, "genesisId" | "pause">,
): Promise<TransactionRecord[]> {
  try {
    return await decodeRecordsInSlices(body, computeDomain("transaction", genesisId), pause);
  } catch (error) {
    if (error instanceof RangeError) throw new BlockError("MALFORMED", error.message);
    throw error;
  }
}

/** Stage 1 for a block whose transactions are known already, for example from the mempool. @throws {BlockError} */
export async function checkRecords(
  header: SignedHeader,
  records: readonly TransactionRecord[],
  checks: BlockChecks,
  { id: knownId, signedHeader = false, body }: CheckOptions = {},
): Promise<CheckedBlock> {
  checkHeaderForm(header);
  if (!equalBytes(transactionsRoot(records.map(({ id }) => id)), header.message.transactionsRoot)) {
    throw new BlockError("WRONG_TRANSACTIONS_ROOT", "the transactions are not those that the header names");
  }
  const id = knownId ?? rootOf(Header, header.message);
  if (!signedHeader) await checkHeaderSignatures([{ header, id }], checks);
  await checkTransactionSignatures(records, checks);
  return { id, idHex: toHex(id), header, records, body: body ?? encodeRecords(records) };
}

/** Stage 1.1: numbers are in range, and each thing is written in only one way. @throws {BlockError} `MALFORMED` */
export function checkHeaderForm({ message }: SignedHeader): void {
  if (!isSafeCount(message.height) || !isSafeCount(message.timestamp)) {
    throw new BlockError("MALFORMED", "height or timestamp above 2^53 - 1");
  }
  if (!isWellFormedVote(message.vote)) {
    throw new BlockError("MALFORMED", `no such vote: kind ${message.vote.kind}`);
  }
}

/** Stage 3: the limits of a block, which come from its parent's state. @throws {BlockError} */
export function checkBlockLimits(records: readonly TransactionRecord[], parameters: ChainParameters): void {
  checkTransactionCount(records.length, parameters);
  checkBytes(
    records.reduce((sum, { bytes }) => sum + bytes, 0),
    parameters,
  );
}

function checkBytes(bytes: number, { maxBlockBytes }: ChainParameters): void {
  if (bytes > maxBlockBytes)
    throw new BlockError("TOO_LARGE", `${bytes} bytes of transactions, ${maxBlockBytes} allowed`);
}

/** The same limits for encoded transactions, by what their list claims, without decoding them. @throws {BlockError} */
export function checkBlockSize(body: Uint8Array, parameters: ChainParameters): void {
  const count = transactionCount(body);
  checkTransactionCount(count, parameters);
  checkBytes(body.length - 4 * count, parameters);
}

/** The part of these limits that a compact block shows. @throws {BlockError} */
export function checkTransactionCount(count: number, { maxBlockTransactions }: ChainParameters): void {
  if (count > maxBlockTransactions) {
    throw new BlockError("TOO_MANY_TRANSACTIONS", `${count}, ${maxBlockTransactions} allowed`);
  }
}

/** Stage 1.4. @throws {BlockError} `INVALID_HEADER_SIGNATURE` */
export async function checkHeaderSignatures(
  headers: { header: SignedHeader; id: Uint8Array }[],
  { genesisId, verify }: BlockChecks,
): Promise<void> {
  const domain = computeDomain("header", genesisId);
  const verdicts = await verify(
    headers.map(({ header, id }) => ({
      publicKey: header.message.proposer,
      message: signingRoot(id, domain),
      signature: header.signature,
    })),
  );
  const bad = verdicts.indexOf(false);
  if (bad !== -1) {
    throw new BlockError("INVALID_HEADER_SIGNATURE", `of block ${headers[bad]?.header.message.height}`);
  }
}

/** Stage 1.5. @throws {BlockError} `INVALID_TRANSACTION_SIGNATURE` */
async function checkTransactionSignatures(
  records: readonly TransactionRecord[],
  checks: BlockChecks,
): Promise<void> {
  const verdicts = await checks.verifyTransactions(records);
  const bad = records[verdicts.indexOf(false)];
  if (!bad) return;
  const { from, to } = bad.transaction.message;
  const code = isAddress(from) && isAddress(to) ? "INVALID_SIGNATURE" : "INVALID_ADDRESS";
  throw new BlockError("INVALID_TRANSACTION_SIGNATURE", `of transaction ${bad.idHex}: ${code}`);
}
