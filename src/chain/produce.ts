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
import type { BlockSigner, CanonicalBlock, CheckedBlock, Head, StageTimer } from "./types.ts";

/** How a block of one's own is made. */
export interface Proposal {
  signer: BlockSigner;
  /** The head for which the production rule was asked; if another is there by now, nothing is made. */
  parentId: Uint8Array;
  timestampMs: number;
  difficulty: number;
  allowEmpty: boolean;
  /** On the authority set; none by default. */
  vote?: HeaderVote;
  /** Offers transactions, best first. */
  select(): Iterable<TransactionRecord>;
  /** The block is signed, and what it was signed by is on disk; the block itself is written next. */
  onSealed?(block: CanonicalBlock): void;
}

export interface BuiltBlock {
  checked: CheckedBlock;
  block: CanonicalBlock;
  snapshot: ChainSnapshot;
}

/** The base of a new block. `rules`: by which it is made. */
export interface BuildingGround {
  head: Head;
  snapshot: ChainSnapshot;
  rules: Rules;
}

/** Executes what fits and signs the header. The ledger holds the block's effects afterwards; some, when this throws. @throws {BlockError} */
export async function buildBlock(
  { head: parent, snapshot: before, rules }: BuildingGround,
  ledger: Ledger,
  { config, id: genesisId }: Genesis,
  proposal: Proposal,
  pause: Pause,
  ended: StageTimer,
): Promise<BuiltBlock | undefined> {
  const { signer, timestampMs, difficulty } = proposal;
  const draft: Header = {
    height: parent.height + 1,
    parent: parent.id,
    timestamp: timestampMs,
    proposer: signer.publicKey,
    difficulty,
    vote: proposal.vote ?? noVote,
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
  for (const record of proposal.select()) {
    if (++tried % sliceTransactions === 0) await pause();
    if (records.length === parameters.maxBlockTransactions) break;
    if (bytes + record.encoded.length > parameters.maxBlockBytes) break;
    if (step.executor.tryTransaction(record.transaction) !== undefined) continue;
    records.push(record);
    bytes += record.encoded.length;
  }
  if (records.length === 0 && !proposal.allowEmpty) return undefined;

  ended("execute");
  const stateRoot = await step.finish(snapshot);
  const message = { ...draft, transactionsRoot: transactionsRoot(records.map(({ id }) => id)), stateRoot };
  ended("hash");
  const id = rootOf(Header, message);
  const header = {
    message,
    signature: await signer.signHeader({
      slot: slotOf(timestampMs, config.slotMs),
      root: signingRoot(id, computeDomain("header", genesisId)),
    }),
  };
  ended("sign");
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
