import type { Hono } from "hono";
import { proveAccount } from "../../chain/account-proof.ts";
import type { Chain } from "../../chain/chain.ts";
import { proveFinality } from "../../chain/finality-proof.ts";
import type { Head, StoredBlock } from "../../chain/types.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { transactionBranch } from "../../types/index.ts";
import { equalBytes, toHex } from "../../util/bytes.ts";
import { SerialQueue } from "../../util/serial-queue.ts";
import { blockNotFound, findBlockId } from "../block-name.ts";
import { type ApiEnv, json, route } from "../http.ts";
import { ProblemError } from "../problem.ts";
import { finalityEvidenceBody } from "../proof-body.ts";
import { checkQuery, parseAddress, parseId, requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";
import { signedHeaderView, transactionView } from "../views.ts";

/** Proofs of accounts are made one at a time, so that blocks wait for one at most. */
const maxWaiting = 64;

/** Proofs for somebody who trusts the chain's authorities, not this node. */
export function proofRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  const queue = new SerialQueue();
  const accountProof = (chain: Chain, block: Head, address: Uint8Array) => {
    if (queue.size >= maxWaiting) {
      throw new ProblemError("OVERLOADED", "too many proofs at once: try again", { "retry-after": "1" });
    }
    return queue.run(() => proveAccount(chain, block, address));
  };
  const finalityOf = async (chain: Chain, block: Head) =>
    finalityEvidenceBody(
      await proveFinality(chain, block, async (height) => services.finalityProof?.(height)),
    );

  route(app, "/v1/accounts/:address/proof", {
    GET: async (context) => {
      checkQuery(context, ["block"]);
      const address = parseAddress(context.req.param("address")!);
      const name = context.req.query("block") ?? "finalized";
      const { chain } = requireLedger(services);
      const id = await findBlockId(chain, name);
      const block = id && (await chain.tree.get(id));
      if (!block) throw blockNotFound(name);
      const { account, index, branch } = await accountProof(chain, block, address);
      return json({
        block: signedHeaderView(block),
        account: {
          address: encodeAddress(account.address),
          balance: account.balance.toString(),
          nonce: account.nonce,
        },
        index,
        branch: branch.map(toHex),
        finality: await finalityOf(chain, block),
      });
    },
  });
  route(app, "/v1/transactions/:id/proof", {
    GET: async (context) => {
      checkQuery(context, ["block"]);
      const id = parseId(context.req.param("id")!);
      const { chain } = requireLedger(services);
      const block = await blockWith(chain, id, context.req.query("block"));
      const index = block.records.findIndex((record) => equalBytes(record.id, id));
      const record = block.records[index];
      if (!record) throw notFound(id, `block ${block.height} does not hold the transaction`);
      const ids = block.records.map((other) => other.id);
      return json({
        block: signedHeaderView(block),
        transaction: transactionView(record),
        index,
        branch: transactionBranch(ids, index).map(toHex),
        finality: block.canonical ? await finalityOf(chain, block) : null,
      });
    },
  });
}

/** The block of that name; without one, the canonical block that holds the transaction. */
async function blockWith(chain: Chain, id: Uint8Array, name: string | undefined): Promise<StoredBlock> {
  let blockId: Uint8Array | undefined;
  if (name !== undefined) blockId = await findBlockId(chain, name);
  else {
    const included = await chain.reader.transaction(id);
    if (!included) throw notFound(id, "no block of the chain holds the transaction");
    blockId = included.block.id;
  }
  const block = blockId && (await chain.reader.byId(blockId));
  if (block) return block;
  throw blockNotFound(name ?? "any more: ask again");
}

function notFound(id: Uint8Array, why: string): ProblemError {
  return new ProblemError("TRANSACTION_NOT_FOUND", `${why} ${toHex(id)}`);
}
