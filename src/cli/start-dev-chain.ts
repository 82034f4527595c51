import { resolve } from "node:path";
import type { CoinGiver } from "../api/index.ts";
import { keyFromSeed } from "../client/index.ts";
import { commandLine, type NodeOptionsInput } from "../config/index.ts";
import { defaultHttpPort } from "../config/node-id.ts";
import type { DevChain, RunningNode } from "../node/index.ts";
import { fromHex } from "../util/bytes.ts";
import { type NodeUrlOptions, nodeClient } from "./node-client.ts";
import type { NodeModule } from "./node-module.ts";
import { type NodeIdOptions, pathsOf } from "./options.ts";
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
  const local = { datadir: path, nodeid: nodeId };
  const coins = devCoins(wallet.key, () => ({ ...local, ...addressOf(node.url, local) }));
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
  const local = { datadir: path, nodeid: nodeId };
  const { url, tlsCa } = addressOf(node.url, local);
  const askNode = [
    `--datadir=${path} --nodeid=${nodeId}`,
    ...(url === undefined ? [] : [`--url=${url}`]),
    ...(tlsCa === undefined ? [] : [`--tls-ca=${tlsCa}`]),
  ];
  const rows: (readonly [string, string])[] = [
    ["explorer", explorer],
    ["", "opens the account below. The link contains its private key: use it for development only"],
    ["account", `${wallet.address}, ${balance} at genesis`],
    ...httpsRows(node, host),
    ["HTTP API", `${node.url}/v1/status`],
    ["genesis", genesisId],
    ["data", `${path} (${commandLine("start --reset")} deletes it and begins anew)`],
    ["send", commandLine(`${["send", ...askNode].join(" ")} --to=${wallet.address} --amount=5 --wait`)],
    ["join", `${node.joinLine}`],
    ["", "run this in another terminal to start a second node of this chain"],
  ];
  return `\nA development chain of one node, a block a second:\n\n${table(rows)}\n${code}\nCtrl-C stops it.\n`;
}

/** Enough to try everything with. The wallet has a million times as much. */
const amount = 1_000n;

/** Returns the options by which a command reaches the node: none but its folder if it is at its default address. */
function addressOf(url: string, local: NodeIdOptions): Pick<NodeUrlOptions, "url" | "tlsCa"> {
  const { protocol, host } = new URL(url);
  if (host === `127.0.0.1:${defaultHttpPort(local.nodeid)}`) return {};
  return protocol === "https:" ? { url, tlsCa: pathsOf(local).tlsCert } : { url };
}

/** Pays from the development chain's wallet, whose key is in the link that is printed and worth nothing. */
function devCoins(seed: string, options: () => NodeUrlOptions): CoinGiver {
  return {
    amount,
    give: async (to) => {
      const client = await nodeClient(options());
      const { id } = await client.send(await keyFromSeed(fromHex(`0x${seed}`)), { to, amount });
      return id;
    },
  };
}
