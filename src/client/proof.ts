import { decodeAddress } from "./address.ts";
import { fromHex } from "./bytes.ts";
import {
  checkBranch,
  checkId,
  checkProvedCertificate,
  noRecovery,
  require,
  type Trust,
} from "./certificate.ts";
import { verifySignature } from "./keys.ts";
import { accountRoot, bytes32, headerRoot, parametersRoot, signingRoot } from "./objects.ts";
import { verifyTransaction } from "./transaction.ts";
import type { AccountProof, Header, ParametersProof, ProvedFinality, TransactionProof } from "./types.ts";

/** The steps of a proof in the order in which they are checked. */
export type StepName =
  /** The sender has signed the transaction for this chain, and the transaction hashes to its id. */
  | "transaction"
  /** The Merkle branch leads to the root in the block's header. */
  | "inclusion"
  /** The header hashes to the block's id, and its proposer has signed it. */
  | "header"
  /** The block is the genesis block of the chain. */
  | "genesis"
  /** Each header up to the finalized checkpoint names the previous one as its parent. */
  | "ancestry"
  /** The first link ends and the second begins at that checkpoint, in consecutive rounds. */
  | "links"
  /** The authorities belong to the state of the link's target, and more than two thirds have signed the link. */
  | "justification"
  | "finalization"
  /** More than a third of the trusted authorities signed the last link: an honest one vouches for its target. */
  | "trust";

export interface ProofStep {
  name: StepName;
  ok: boolean;
  /** A text for people that says what was compared, or what is wrong. */
  detail: string;
}

export interface ProofVerdict {
  /**
   * `final`: the chain holds the statement forever. `included`: the block holds it, but nothing proves that the block
   * stays canonical. `invalid`: a step failed.
   */
  verdict: "final" | "included" | "invalid";
  steps: ProofStep[];
}

const maxAccounts = 2 ** 32;
/** The depth of the tree of accounts, then the list's length, the authorities and the parameters. */
const accountBranchLength = 32 + 3;
/** The place of the parameters among the four fields of `State`. */
const parametersPlace = 2;
const parametersBranchLength = 2;
const maxTransactions = 2 ** 16;
/** The depth of the tree of transactions, then the list's length. */
const transactionBranchLength = 16 + 1;

/** Checks a proof of an account's balance and nonce. */
export async function verifyAccountProof(proof: AccountProof, trust: Trust): Promise<ProofVerdict> {
  return verdictOf(async (step) => {
    const { block, account, index, branch, finality } = proof;
    await step("inclusion", () => {
      // A larger index would lead to another part of the tree.
      checkPlace(index, maxAccounts);
      checkBranch(accountRoot(account), branch, index, accountBranchLength, block.stateRoot);
      return `account ${index} of the state after block ${block.height}`;
    });
    return verifyBlock(step, block, finality, trust);
  });
}

/** Checks the parameters after a block, which the next one keeps to. */
export async function verifyParametersProof(proof: ParametersProof, trust: Trust): Promise<ProofVerdict> {
  return verdictOf(async (step) => {
    const { block, parameters, branch, finality } = proof;
    await step("inclusion", () => {
      const leaf = parametersRoot(parameters);
      checkBranch(leaf, branch, parametersPlace, parametersBranchLength, block.stateRoot);
      return `the parameters in the state after block ${block.height}`;
    });
    return verifyBlock(step, block, finality, trust);
  });
}

/** Checks a proof that a block holds a transaction. */
export async function verifyTransactionProof(proof: TransactionProof, trust: Trust): Promise<ProofVerdict> {
  return verdictOf(async (step) => {
    const { block, transaction, index, branch, finality } = proof;
    await step("transaction", async () => {
      require(await verifyTransaction(
        transaction,
        trust.genesisId,
      ), "the transaction's id or signature is wrong");
      return `${transaction.id}, signed by ${transaction.from}`;
    });
    await step("inclusion", () => {
      checkPlace(index, maxTransactions);
      checkBranch(bytes32(transaction.id), branch, index, transactionBranchLength, block.transactionsRoot);
      return `transaction ${index} of block ${block.height}`;
    });
    return verifyBlock(step, block, finality, trust);
  });
}

type Step = (name: StepName, check: () => string | Promise<string>) => Promise<void>;

/** Runs the steps up to the first that fails. */
async function verdictOf(check: (step: Step) => Promise<"final" | "included">): Promise<ProofVerdict> {
  const steps: ProofStep[] = [];
  try {
    const verdict = await check(async (name, run) => {
      try {
        steps.push({ name, ok: true, detail: await run() });
      } catch (error) {
        steps.push({ name, ok: false, detail: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    });
    return { verdict, steps };
  } catch {
    return { verdict: "invalid", steps };
  }
}

async function verifyBlock(
  step: Step,
  block: Header,
  finality: ProvedFinality | null,
  { genesisId, authorities, recovery = noRecovery }: Trust,
): Promise<"final" | "included"> {
  const isGenesis = block.height === 0;
  await step("header", async () => {
    checkId(block);
    const root = signingRoot(
      headerRoot(block),
      isGenesis ? "genesis" : "header",
      isGenesis ? zeroId : genesisId,
    );
    const isSigned = await verifySignature(decodeAddress(block.proposer), root, fromHex(block.signature, 64));
    require(isSigned, "the proposer's signature is wrong");
    return `block ${block.height}, ${block.id}, signed by ${block.proposer}`;
  });
  if (isGenesis) {
    await step("genesis", () => {
      require(block.id === genesisId.toLowerCase(), `the block is not ${genesisId}`);
      return "the genesis block is final";
    });
    return "final";
  }
  if (!finality) return "included";
  const { headers, justification, finalization } = finality;
  const checkpoint = headers.at(-1) ?? block;
  await step("ancestry", () => {
    for (const [place, header] of headers.entries()) {
      const parent = headers[place - 1] ?? block;
      checkId(header);
      require(header.parent === parent.id, `the parent of block ${header.height} is not ${parent.id}`);
      require(header.height ===
        parent.height + 1, `the height ${header.height} does not follow its parent's`);
    }
    return headers.length === 0
      ? "the block is the finalized checkpoint"
      : `finalized with block ${checkpoint.height}`;
  });
  await step("links", () => {
    const { source, target } = finalization;
    require(source.id === checkpoint.id &&
      source.height === checkpoint.height, "the finalization is of another block");
    require(justification.target.id === source.id &&
      justification.target.height === source.height &&
      justification.target.round === source.round, "the justification is of another checkpoint");
    require(target.round === source.round + 1, "the rounds are not consecutive");
    require(target.id === source.id
      ? target.height === source.height
      : target.height > source.height, "the target is not above the source");
    return `justified in round ${source.round}, final by votes of round ${target.round}`;
  });
  for (const [name, certificate] of [
    ["justification", justification],
    ["finalization", finalization],
  ] as const) {
    await step(name, () => checkProvedCertificate(certificate, genesisId));
  }
  await step("trust", () => {
    for (const certificate of [justification, finalization]) {
      // The certificates of a block that was final before the recovery name none.
      const isKnown = certificate.recovery === noRecovery || certificate.recovery === recovery.toLowerCase();
      require(isKnown, `the chain went on from the recovery ${certificate.recovery}: trust its authorities only if the people who run the chain have agreed on this id`);
    }
    const signed = new Set(finalization.voters);
    const trusted = new Set(authorities);
    const count = [...trusted].filter((authority) => signed.has(authority)).length;
    const text = `${count} of ${trusted.size} trusted authorities have signed`;
    require(count > trusted.size / 3, `${text}; more than a third is needed`);
    return text;
  });
  return "final";
}

function checkPlace(index: number, count: number): void {
  require(Number.isSafeInteger(index) && index >= 0 && index < count, `index ${index} is out of range`);
}

const zeroId = `0x${"00".repeat(32)}`;
