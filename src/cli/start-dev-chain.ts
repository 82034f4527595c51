import { resolve } from "node:path";
import type { CoinGiver } from "../api/index.ts";
import { keyFromSeed } from "../client/index.ts";
import { commandLine, type NodeOptionsInput } from "../config/index.ts";
import type { DevChain, RunningNode } from "../node/index.ts";
import { fromHex } from "../util/bytes.ts";
import { nodeClient } from "./node-client.ts";
import type { NodeModule } from "./node-module.ts";
import { printResult, table } from "./output.ts";
import { httpsRows, pageCode } from "./show-https.ts";

/** Keeps the development chain off the LAN, so that no other node finds it and adopts it. */
const alone: Partial<NodeOptionsInput> = { mdns: false, p2pHost: "127.0.0.1" };

interface DevOptions {
  /** Holds nothing but the development chain. */
  folder: string;
  reset: boolean;
  json: boolean | undefined;
  /** The address of the HTTP interface. */
  host: string;
}

/** Makes a chain of one authority unless the folder has one, starts its node with `run` and prints its addresses. */
export async function startDevChain(
  module: Pick<NodeModule, "prepareDevChain" | "deleteDevChain">,
  { folder, reset, json, host }: DevOptions,
  run: (options: Partial<NodeOptionsInput>, coins: CoinGiver) => Promise<RunningNode>,
): Promise<RunningNode> {
  const path = resolve(folder);
  const deleted = reset && (await module.deleteDevChain(path));
  if (deleted && !json) process.stdout.write(`deleted the development chain in ${path}\n`);
  const dev = await module.prepareDevChain(path);
  const { wallet, genesisId, nodeId } = dev;
  const coins = devCoins(wallet.key, { datadir: path, nodeid: nodeId }, () => node.url);
  const node = await run({ ...alone, nodeId, dataDir: path, genesisPin: genesisId }, coins);
  const explorer = `${node.url}/#/wallet?key=${wallet.key}`;
  const { url, joinLine, https } = node;
  const result = { nodeId, url, joinLine, explorer, wallet, genesisId, folder: path, deleted, ...https };
  printResult(json, result, text(dev, node, [explorer, host, path], await pageCode(node)));
  return node;
}

function text(
  { nodeId, wallet, balance, genesisId }: DevChain,
  node: RunningNode,
  [explorer, host, path]: readonly [string, string, string],
  code: string,
): string {
  const rows: (readonly [string, string])[] = [
    ["explorer", explorer],
    ["", "opens the account below. The link contains its private key: use it for development only"],
    ["account", `${wallet.address}, ${balance} at genesis`],
    ...httpsRows(node, host),
    ["HTTP API", `${node.url}/v1/status`],
    ["genesis", genesisId],
    ["data", `${path} (${commandLine("start --reset")} deletes it and begins anew)`],
    [
      "send",
      commandLine(`send --datadir=${path} --nodeid=${nodeId} --to=${wallet.address} --amount=5 --wait`),
    ],
    ["join", `${node.joinLine}`],
    ["", "run this in another terminal to start a second node of this chain"],
  ];
  return `\nA development chain of one node, a block a second:\n\n${table(rows)}\n${code}\nCtrl-C stops it.\n`;
}

/** Enough to try everything with. The wallet has a million times as much. */
const amount = 1_000n;

/** Pays from the development chain's wallet, whose key is in the link that is printed and worth nothing. */
function devCoins(seed: string, options: { datadir: string; nodeid: number }, url: () => string): CoinGiver {
  return {
    amount,
    give: async (to) => {
      const at = url();
      const client = await nodeClient(at.startsWith("https:") ? options : { ...options, url: at });
      const { id } = await client.send(await keyFromSeed(fromHex(`0x${seed}`)), { to, amount });
      return id;
    },
  };
}
