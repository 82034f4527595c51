export { type Address, decodeAddress, encodeAddress, isAddress } from "./address.ts";
export { ClientError, fromHex, type Hex, toHex } from "./bytes.ts";
export { genesisTrust, noRecovery, recoveryTrust, type Trust, verifyCertificate } from "./certificate.ts";
export { type BlockName, Client, type ClientOptions } from "./client.ts";
export type { ChainEvent, EventOptions, EventType } from "./events.ts";
export { ApiError, type Fetch } from "./http.ts";
export { generateSeed, type Key, keyFromSeed, verifySignature } from "./keys.ts";
export type { Chunk } from "./merkle.ts";
export {
  accountRoot,
  headerRoot,
  linkRoot,
  parametersRoot,
  signingRoot,
  type TransferFields,
  transactionId,
  transferRoot,
} from "./objects.ts";
export type { Outcome } from "./outcome.ts";
export {
  type ProofStep,
  type ProofVerdict,
  type StepName,
  verifyAccountProof,
  verifyParametersProof,
  verifyTransactionProof,
} from "./proof.ts";
export type { Order, SendOptions } from "./send.ts";
export { type SignedTransaction, signTransfer, type Transfer, verifyTransaction } from "./transaction.ts";
export type * from "./types.ts";
export { formatAmount, type Unit } from "./unit.ts";
