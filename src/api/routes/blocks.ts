import * as z from "zod";
import type { Chain } from "../../chain/chain.ts";
import type { BlockSummary, StoredBlock } from "../../chain/types.ts";
import { parametersJson } from "../../config/index.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { balanceCount, balancesOf, type GenesisBlock } from "../../types/genesis.ts";
import { textOf } from "../../util/bytes.ts";
import { Kept } from "../../util/kept.ts";
import { blockName, blockNotFound, findBlockId } from "../block-name.ts";
import type { Api } from "../operation.ts";
import { maxCount } from "../query.ts";
import { requireLedger } from "../require-ledger.ts";
import { blockPageSchema, blockSchema } from "../schemas/blocks.ts";
import { countQuery } from "../schemas/values.ts";
import type { ApiServices } from "../services.ts";
import { headerView, transactionViews } from "../views.ts";
import type { WholeBlocks } from "../whole-blocks.ts";

/** Balances that are shown of a genesis block, which may have a million. */
const maxShownBalances = 1000;

export function blockRoutes(api: Api, services: ApiServices, wholeBlocks: WholeBlocks): void {
  const genesis = new Kept<ReturnType<typeof genesisView>>();
  api.serve(
    {
      id: "listBlocks",
      method: "GET",
      path: "/v1/blocks",
      tag: "Blocks",
      summary: "Canonical blocks, newest first",
      description: "Blocks without their transactions. Send `next` as `before` for the next page.",
      query: z.strictObject({
        before: countQuery(0, maxCount)
          .optional()
          .describe("Returns blocks below this height; by default from the head down."),
        limit: countQuery(1, 100).default(20).describe("The largest number of results."),
      }),
      answer: blockPageSchema,
      problems: ["NO_GENESIS"],
      dear: true,
    },
    async ({ query }) => {
      const { chain } = requireLedger(services);
      const top = chain.head.height + 1;
      const from = Math.min(query.before ?? top, top) - 1;
      const ids = from < 0 ? [] : await chain.reader.idsDown(from, query.limit);
      const summaries = await Promise.all(ids.map((id) => chain.tree.get(id)));
      const blocks = summaries
        .filter((summary) => summary !== undefined)
        .map((summary) => ({
          ...summaryView(summary),
          finalized: summary.height <= chain.finalized.height,
        }));
      const lowest = blocks.at(-1)?.height ?? 0;
      return { blocks, next: lowest > 0 ? lowest : null };
    },
  );
  api.serve(
    {
      id: "getBlock",
      method: "GET",
      path: "/v1/blocks/{block}",
      tag: "Blocks",
      summary: "One block with its transactions",
      description: "An id also finds a block of a side branch.",
      params: z.object({ block: blockName }),
      answer: blockSchema,
      problems: ["NO_GENESIS", "BLOCK_NOT_FOUND", "OVERLOADED"],
    },
    async ({ params, context }) => {
      const { chain } = requireLedger(services);
      const id = await findBlockId(chain, params.block);
      const { outgoing } = context.env;
      const first = () =>
        genesis.get(chain.genesis.idHex, async () => genesisView(await chain.reader.genesis()));
      const view =
        id && (await wholeBlocks.read(chain, id, outgoing, (block) => blockView(chain, block, first)));
      if (!view) throw blockNotFound(params.block);
      return view;
    },
  );
}

export function summaryView(summary: BlockSummary) {
  const { transactionCount, bodyBytes } = summary;
  return { ...headerView(summary), transactionCount, bytes: bodyBytes };
}

async function blockView(
  chain: Pick<Chain, "finalized">,
  block: StoredBlock,
  genesis: () => Promise<ReturnType<typeof genesisView>>,
) {
  return {
    ...headerView(block),
    transactions: await transactionViews(block.records),
    canonical: block.canonical,
    finalized: block.canonical && block.height <= chain.finalized.height,
    ...(block.height === 0 && { genesis: await genesis() }),
  };
}

/** The configuration and the first balances of the chain, in the form of genesis.json. */
function genesisView(genesis: GenesisBlock) {
  const { name, symbol, parameters, authorities, names, ...rest } = genesis.payload.config;
  const count = balanceCount(genesis);
  return {
    name: textOf(name),
    symbol: textOf(symbol),
    ...rest,
    ...parametersJson(parameters),
    names: names.map((entry) => ({ address: encodeAddress(entry.address), name: textOf(entry.name) })),
    authorities: authorities.map(encodeAddress),
    balanceCount: count,
    balances: balancesOf(genesis, Math.min(count, maxShownBalances)).map(({ address, balance }) => ({
      address: encodeAddress(address),
      balance: balance.toString(),
    })),
  };
}
