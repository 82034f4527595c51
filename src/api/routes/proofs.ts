import * as z from "zod";
import { maxProofDepth, proveAccount } from "../../chain/account-proof.ts";
import type { Chain } from "../../chain/chain.ts";
import { proveFinality } from "../../chain/finality-proof.ts";
import { proveParameters } from "../../chain/parameters-proof.ts";
import type { StoredBlock, WeightedHeader } from "../../chain/types.ts";
import { parametersJson } from "../../config/index.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { transactionBranch } from "../../types/index.ts";
import { equalBytes, toHex } from "../../util/bytes.ts";
import { SerialQueue } from "../../util/serial-queue.ts";
import { blockName, blockNotFound, findBlockId } from "../block-name.ts";
import { provedFinalityBody } from "../finality-body.ts";
import type { Api } from "../operation.ts";
import { ProblemError } from "../problem.ts";
import { requireLedger } from "../require-ledger.ts";
import { accountProofSchema, parametersProofSchema, transactionProofSchema } from "../schemas/finality.ts";
import { addressParameter, idParameter } from "../schemas/values.ts";
import type { ApiServices, LedgerServices } from "../services.ts";
import { signedHeaderView, transactionView } from "../views.ts";
import type { WholeBlocks } from "../whole-blocks.ts";

/** Proofs for a reader who trusts the chain's authorities, but not this node. */
export function proofRoutes(api: Api, services: ApiServices, wholeBlocks: WholeBlocks): void {
  /** Proofs of accounts are made one at a time for this machine too, so that blocks wait for one at most. */
  const queue = new SerialQueue();
  const finalityOf = async ({ chain, finalityProof }: LedgerServices, block: WeightedHeader) =>
    provedFinalityBody(await proveFinality(chain, block, finalityProof));

  api.serve(
    {
      id: "getAccountProof",
      method: "GET",
      path: "/v1/accounts/{address}/proof",
      tag: "Accounts",
      summary: "Proof of an account's balance and nonce after a block",
      description: `A Merkle branch to the block's state, and the votes that make the block final. The block is at most ${maxProofDepth} below the head.`,
      params: z.object({ address: addressParameter }),
      query: z.strictObject({ block: blockName.default("finalized") }),
      answer: accountProofSchema,
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "ACCOUNT_NOT_FOUND", "PROOF_NOT_AVAILABLE"],
      dear: true,
    },
    async ({ params: { address }, query: { block: name } }) => {
      const ledger = requireLedger(services);
      const { chain } = ledger;
      const block = await findBlock(chain, name);
      const { account, index, branch } = await queue.run(() => proveAccount(chain, block, address));
      return {
        block: signedHeaderView(block),
        account: {
          address: encodeAddress(account.address),
          balance: account.balance.toString(),
          nonce: account.nonce,
        },
        index,
        branch: branch.map(toHex),
        finality: await finalityOf(ledger, block),
      };
    },
  );
  api.serve(
    {
      id: "getParametersProof",
      method: "GET",
      path: "/v1/parameters/proof",
      tag: "Authorities",
      summary: "Proof of the parameters after a block",
      description: "A Merkle branch to the block's state, and the votes that make the block final.",
      query: z.strictObject({ block: blockName.default("finalized") }),
      answer: parametersProofSchema,
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "PROOF_NOT_AVAILABLE"],
      dear: true,
    },
    async ({ query: { block: name } }) => {
      const ledger = requireLedger(services);
      const { chain } = ledger;
      const block = await findBlock(chain, name);
      const { parameters, branch } = await proveParameters(chain, block);
      return {
        block: signedHeaderView(block),
        parameters: parametersJson(parameters),
        branch: branch.map(toHex),
        finality: await finalityOf(ledger, block),
      };
    },
  );
  api.serve(
    {
      id: "getTransactionProof",
      method: "GET",
      path: "/v1/transactions/{id}/proof",
      tag: "Transactions",
      summary: "Proof that a block holds a transaction",
      description: "A Merkle branch to the block's transactions, and the votes that make the block final.",
      params: z.object({ id: idParameter }),
      query: z.strictObject({
        block: blockName.optional().describe("By default the canonical block that holds the transaction."),
      }),
      answer: transactionProofSchema,
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "TRANSACTION_NOT_FOUND", "OVERLOADED"],
    },
    async ({ params: { id }, query, context }) => {
      const ledger = requireLedger(services);
      const { chain } = ledger;
      const { outgoing } = context.env;
      const name = query.block;
      const candidates = name === undefined ? await blocksWith(chain, id) : [await findBlockId(chain, name)];
      let height: number | undefined;
      for (const blockId of candidates) {
        const read = async (block: StoredBlock) => {
          height = block.height;
          return proofIn(block, id, (final) => finalityOf(ledger, final));
        };
        const proof = blockId && (await wholeBlocks.read(chain, blockId, outgoing, read));
        if (proof) return proof;
      }
      if (height === undefined) throw blockNotFound(name ?? "any more: ask again");
      throw notFound(id, `block ${height} does not hold the transaction`);
    },
  );
}

/** @throws {ProblemError} `BLOCK_NOT_FOUND` */
async function findBlock(chain: Chain, name: z.output<typeof blockName>): Promise<WeightedHeader> {
  const id = await findBlockId(chain, name);
  const block = id && (await chain.tree.get(id));
  if (!block) throw blockNotFound(name);
  return block;
}

/** The ids of the canonical blocks that may hold the transaction: almost always one. No block is read. */
async function blocksWith(
  { reader }: Pick<Chain, "reader">,
  id: Uint8Array,
): Promise<(Uint8Array | undefined)[]> {
  const places = await reader.placesOf(id);
  if (places.length === 0) throw notFound(id, "no block of the chain holds the transaction");
  const heights = new Set(places.map(({ height }) => height));
  return Promise.all([...heights].map((height) => reader.canonicalId(height)));
}

/** The proof that the block holds the transaction; undefined if it does not. */
async function proofIn(
  block: StoredBlock,
  id: Uint8Array,
  finalityOf: (block: WeightedHeader) => Promise<z.input<typeof transactionProofSchema>["finality"]>,
): Promise<z.input<typeof transactionProofSchema> | undefined> {
  const index = block.records.findIndex((record) => equalBytes(record.id, id));
  const record = block.records[index];
  if (!record) return undefined;
  const ids = block.records.map((other) => other.id);
  return {
    block: signedHeaderView(block),
    transaction: transactionView(record),
    index,
    branch: transactionBranch(ids, index).map(toHex),
    finality: block.canonical ? await finalityOf(block) : null,
  };
}

function notFound(id: Uint8Array, why: string): ProblemError {
  return new ProblemError("TRANSACTION_NOT_FOUND", `${why} ${toHex(id)}`);
}
