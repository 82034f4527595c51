import type { Hono } from "hono";
import type { Chain } from "../../chain/chain.ts";
import type { StoredBlock } from "../../chain/types.ts";
import { encodeAddress } from "../../crypto/address.ts";
import { blockNotFound, findBlockId } from "../block-name.ts";
import { type ApiEnv, json, route } from "../http.ts";
import { checkQuery, numberQuery, requireLedger } from "../query.ts";
import type { ApiServices } from "../services.ts";
import { headerView, transactionViews } from "../views.ts";

const maxPage = 100;
const defaultPage = 20;
/** Of a genesis block, shown: it may hold a million. */
const maxShownBalances = 1000;

export function blockRoutes(app: Hono<ApiEnv>, services: ApiServices): void {
  route(app, "/v1/blocks", {
    GET: async (context) => {
      checkQuery(context, ["before", "limit"]);
      const { chain } = requireLedger(services);
      const limit = numberQuery(context, "limit", { min: 1, max: maxPage, fallback: defaultPage });
      const top = chain.head.height + 1;
      const before = numberQuery(context, "before", { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: top });
      const from = Math.min(before, top) - 1;
      const ids = from < 0 ? [] : await chain.reader.idsDown(from, limit);
      const summaries = await Promise.all(ids.map((id) => chain.reader.summary(id)));
      const blocks = summaries
        .filter((summary) => summary !== undefined)
        .map((summary) => ({
          ...headerView(summary),
          transactionCount: summary.transactionCount,
          bytes: summary.bodyBytes,
          finalized: summary.height <= chain.finalized.height,
        }));
      const lowest = blocks.at(-1)?.height ?? 0;
      return json({ blocks, next: lowest > 0 ? lowest : null });
    },
  });
  route(app, "/v1/blocks/:block", {
    GET: async (context) => {
      checkQuery(context, []);
      const name = context.req.param("block")!;
      const { chain } = requireLedger(services);
      const id = await findBlockId(chain, name);
      const block = id && (await chain.reader.byId(id));
      if (!block) throw blockNotFound(name);
      return json(await blockView(chain, block));
    },
  });
}

async function blockView(chain: Chain, block: StoredBlock) {
  return {
    ...headerView(block),
    transactions: await transactionViews(block.records),
    canonical: block.canonical,
    finalized: block.canonical && block.height <= chain.finalized.height,
    ...(block.height === 0 && { genesis: genesisView(chain) }),
  };
}

/** The configuration and the first balances of the chain, in the form of genesis.json. */
function genesisView({ genesis }: Chain) {
  const { config, coinbase } = genesis.block.payload;
  const { name, blockReward, minFee, authorities, ...rest } = config;
  return {
    name: Buffer.from(name).toString("utf8"),
    ...rest,
    blockReward: blockReward.toString(),
    minFee: minFee.toString(),
    authorities: authorities.map(encodeAddress),
    balanceCount: coinbase.balances.length,
    balances: coinbase.balances.slice(0, maxShownBalances).map(({ address, balance }) => ({
      address: encodeAddress(address),
      balance: balance.toString(),
    })),
  };
}
