import {
  type ChainSnapshot,
  computeDomain,
  encodeRecords,
  Header,
  type HeaderVote,
  noVote,
  rootOf,
  signingRoot,
  slotOf,
  type TransactionRecord,
  transactionsRoot,
  zero32,
} from "../types/index.ts";
import { toHex } from "../util/bytes.ts";
import type { Pause } from "../util/slices.ts";
import type { Genesis } from "./genesis.ts";
import { type Ledger, sliceTransactions } from "./ledger.ts";
import type { Rules } from "./rules.ts";
import type { BlockSigner, CanonicalBlock, CheckedBlock, StageTimer, WeightedHeader } from "./types.ts";

/** The way in which this node makes a block. */
export interface BlockPlan {
  signer: BlockSigner;
  /** The head for which the production rule was evaluated. If there is another head by now, nothing is made. */
  parentId: Uint8Array;
  timestampMs: number;
  difficulty: number;
  allowEmpty: boolean;
  /** A vote on the authority set or a parameter; none by default. */
  vote?: HeaderVote;
  /** Offers transactions, best first. */
  select(): Iterable<TransactionRecord> | Promise<Iterable<TransactionRecord>>;
}

export interface BuiltBlock {
  checked: CheckedBlock;
  block: CanonicalBlock;
  snapshot: ChainSnapshot;
}

/** The base of a new block. `rules` are those by which it is made. */
export interface BuildingGround {
  head: WeightedHeader;
  snapshot: ChainSnapshot;
  rules: Rules;
}

/**
 * Executes the transactions that fit and signs the header. The ledger contains the block's effects afterwards, and some
 * of them if this throws. @throws {BlockError}
 */
export async function buildBlock(
  { head: parent, snapshot: before, rules }: BuildingGround,
  ledger: Ledger,
  { config, id: genesisId }: Genesis,
  plan: BlockPlan,
  pause: Pause,
  stageEnded: StageTimer,
): Promise<BuiltBlock | undefined> {
  const { signer, timestampMs, difficulty } = plan;
  const draft: Header = {
    height: parent.height + 1,
    parent: parent.id,
    timestamp: timestampMs,
    proposer: signer.publicKey,
    difficulty,
    vote: plan.vote ?? noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
  };
  const { parameters } = before;
  rules.checkHeader({ header: parent.header.message, id: parent.id, snapshot: before }, draft, config);
  const snapshot = rules.applyHeader(before, draft, config);

  const step = ledger.begin(draft.height, signer.publicKey, parameters);
  const records: TransactionRecord[] = [];
  let bytes = 0;
  let tried = 0;
  for (const record of await plan.select()) {
    if (++tried % sliceTransactions === 0) await pause();
    if (records.length === parameters.maxBlockTransactions) break;
    if (bytes + record.bytes > parameters.maxBlockBytes) break;
    if (step.executor.tryTransaction(record.transaction) !== undefined) continue;
    records.push(record);
    bytes += record.bytes;
  }
  if (records.length === 0 && !plan.allowEmpty) return undefined;

  stageEnded("execute");
  const stateRoot = await step.finish(snapshot);
  const message = { ...draft, transactionsRoot: transactionsRoot(records.map(({ id }) => id)), stateRoot };
  stageEnded("hash");
  const id = rootOf(Header, message);
  const header = {
    message,
    signature: await signer.signHeader({
      slot: slotOf(timestampMs, config.slotMs),
      root: signingRoot(id, computeDomain("header", genesisId)),
    }),
  };
  stageEnded("sign");
  const totalDifficulty = parent.totalDifficulty + difficulty;
  const block: CanonicalBlock = {
    height: message.height,
    id,
    idHex: toHex(id),
    header,
    totalDifficulty,
    records,
  };
  step.index(block);
  const body = encodeRecords(records);
  return { checked: { id, idHex: block.idHex, header, records, body }, block, snapshot };
}
