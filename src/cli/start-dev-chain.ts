import { resolve } from "node:path";
import type { NodeOptionsInput } from "../config/index.ts";
import type { DevChain, NodeModule, RunningNode } from "./node-module.ts";
import { printResult, table } from "./output.ts";

/** It is nobody else's chain: no node of the network shall find it and take it for its own. */
const alone: Partial<NodeOptionsInput> = { mdns: false, p2pHost: "127.0.0.1" };

interface DevOptions {
  /** The chain's own folder. */
  folder: string;
  reset: boolean;
  json: boolean | undefined;
}

/** Makes a chain of one authority where there is none, starts its node with `run`, and prints where it is. */
export async function startDevChain(
  module: Pick<NodeModule, "prepareDevChain" | "deleteDevChain">,
  { folder, reset, json }: DevOptions,
  run: (options: Partial<NodeOptionsInput>) => Promise<RunningNode>,
): Promise<RunningNode> {
  const path = resolve(folder);
  const deleted = reset && (await module.deleteDevChain(path));
  if (deleted && !json) process.stdout.write(`deleted the development chain in ${path}\n`);
  const dev = await module.prepareDevChain(path);
  const node = await run({ ...alone, nodeId: dev.nodeId, dataDir: path, genesisPin: dev.genesisId });
  const { wallet, genesisId, nodeId } = dev;
  const explorer = `${node.url}/#/wallet?key=${wallet.key}`;
  const { url, joinLine } = node;
  const result = { nodeId, url, joinLine, explorer, wallet, genesisId, folder: path, deleted };
  printResult(json, result, text(dev, node, explorer, path));
  return node;
}

function text(
  { nodeId, wallet, balance, genesisId }: DevChain,
  node: RunningNode,
  explorer: string,
  path: string,
): string {
  const rows = [
    ["explorer", explorer],
    ["", "opens the account below. Its key is in the address: for development only, worth nothing"],
    ["account", `${wallet.address}, ${balance} at genesis`],
    ["HTTP API", `${node.url}/v1/status`],
    ["genesis", genesisId],
    ["data", `${path} (npm start -- --reset begins anew)`],
    [
      "send",
      `npm run -s ccoin -- send --datadir=${path} --nodeid=${nodeId} --to=${wallet.address} --amount=5 --wait`,
    ],
    ["join", `${node.joinLine}`],
    ["", "in another terminal: a second node of this chain"],
  ] as const;
  return `\nA development chain of one node, a block a second:\n\n${table(rows)}\n\nCtrl-C stops it.\n`;
}
