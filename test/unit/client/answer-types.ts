/**
 * Checks that the client's types equal those of the node's schemas. `npm run types` checks this file; it does not run.
 */
import type { z } from "zod";
import type * as accounts from "../../../src/api/schemas/accounts.ts";
import type * as authorities from "../../../src/api/schemas/authorities.ts";
import type * as blocks from "../../../src/api/schemas/blocks.ts";
import type * as chronicle from "../../../src/api/schemas/chronicle.ts";
import type { eventSchemas } from "../../../src/api/schemas/events.ts";
import type * as finality from "../../../src/api/schemas/finality.ts";
import type * as forks from "../../../src/api/schemas/forks.ts";
import type * as node from "../../../src/api/schemas/node.ts";
import type * as transactions from "../../../src/api/schemas/transactions.ts";
import type * as client from "../../../src/client/index.ts";

/** Makes types alike that are written in different ways. */
type Plain<T> = T extends object ? { [Name in keyof T]: Plain<T[Name]> } : T;
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Same<Client, Schema> = Identical<Plain<Client>, Plain<z.infer<Schema>>>;
type Check<IsTrue extends true> = IsTrue;
type Data<Type> = Extract<client.ChainEvent, { type: Type }>["data"];
type Events = typeof eventSchemas;

export type Checks = [
  Check<Same<client.Status, typeof node.statusSchema>>,
  Check<Same<client.Peer, typeof node.peerSchema>>,
  Check<Same<client.Diagnosis, typeof node.diagnosisSchema>>,
  Check<Same<client.Header, typeof blocks.headerSchema>>,
  Check<Same<client.BlockSummary, typeof blocks.blockSummarySchema>>,
  Check<Same<{ blocks: client.SideBlock[] }, typeof forks.forksSchema>>,
  Check<Same<client.Fork, typeof forks.forkSchema>>,
  Check<Same<client.Block, typeof blocks.blockSchema>>,
  Check<Same<client.Transaction, typeof transactions.transactionSchema>>,
  Check<Same<client.PlacedTransaction, typeof transactions.placedTransactionSchema>>,
  Check<Same<client.SubmitResult, typeof transactions.submitResultSchema>>,
  Check<Same<client.Account, typeof accounts.accountSchema>>,
  Check<Same<client.PastAccount, typeof accounts.pastAccountSchema>>,
  Check<Same<client.History, typeof accounts.historySchema>>,
  Check<Same<client.Authorities, typeof authorities.authoritiesSchema>>,
  Check<Same<{ countedFrom: number; authorities: client.Turns[] }, typeof authorities.turnsSchema>>,
  Check<Same<{ hours: client.Hour[]; next: number | null }, typeof chronicle.figuresSchema>>,
  Check<Same<{ changes: client.Change[]; next: number | null }, typeof chronicle.changesSchema>>,
  Check<Same<client.ProposalResult, typeof authorities.proposalResultSchema>>,
  Check<Same<client.Finality, typeof finality.finalitySchema>>,
  Check<Same<client.AccountProof, typeof finality.accountProofSchema>>,
  Check<Same<client.ParametersProof, typeof finality.parametersProofSchema>>,
  Check<Same<client.TransactionProof, typeof finality.transactionProofSchema>>,
  Check<Same<Extract<client.ChainEvent, { type: "block" | "retracted" }>["data"], Events["block"]>>,
  Check<Same<Data<"finalized">, Events["finalized"]>>,
  Check<Same<Data<"transaction">, Events["transaction"]>>,
  Check<Same<Data<"mode">, Events["mode"]>>,
  Check<Identical<client.EventType, keyof Events>>,
];
