import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../figure.ts";
import type { Secp256k1 } from "./ethereum.ts";
import type { Installation } from "./installation.ts";
import { type Call, checkRpcAnswer, type Endpoint, rpc, rpcPosts } from "./json-rpc.ts";
import { type PreparedChain, prepareChain } from "./litecoin-chain.ts";
import { runner, untilAnswers } from "./process-group.ts";
import type { Program } from "./program.ts";

const endpoint: Endpoint = {
  port: 9_443,
  authorization: `Basic ${Buffer.from("bench:bench").toString("base64")}`,
};
/** The same as ccoin's. */
const blockPeriodMs = 500;

export function litecoinProgram(installation: Installation, secp256k1: Secp256k1): Program {
  return {
    name: `litecoind ${installation.version}`,
    forms: ["single", "batch"],
    does: {
      mode: "its regtest network, where a block needs no work; blocks every 500 ms on request",
      work: "one secp256k1 verification, script, unspent outputs; no sync",
      answer: "in memory",
      finality: "none: likelier with each block (its main network has one in 2.5 minutes)",
    },
    async create(context, count) {
      const { folder, chain } = await prepared(context, installation, secp256k1, count);
      const data = join(context.world.dataDir, "litecoin");
      cpSync(folder, data, { recursive: true });
      const { transfers, address } = chain;
      const makeBlock = () => rpc(endpoint, "generatetoaddress", 1, address);
      return {
        port: endpoint.port,
        ...litecoind(context, installation, data),
        requests(form, first, end) {
          const calls = transfers.slice(first, end).map(({ hex }): Call => ["sendrawtransaction", hex]);
          return rpcPosts(endpoint, form, calls);
        },
        checkAnswer: checkRpcAnswer,
        makeBlocks() {
          const ended = new AbortController();
          const making = makeUntil(ended.signal, makeBlock);
          return () => {
            ended.abort();
            return making;
          };
        },
        async committed() {
          while ((await rpc<{ size: number }>(endpoint, "getmempoolinfo")).size > 0) await makeBlock();
          return performance.now();
        },
        knows: async (index) => (await rpc(endpoint, "gettxout", transfers[index]!.txid, 0, true)) !== null,
      };
    },
  };
}

/** Makes a block in each period. */
async function makeUntil(signal: AbortSignal, makeBlock: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    // An abort only ends the pause.
    await sleep(blockPeriodMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await makeBlock();
  }
}

/** Returns the folder of a chain with paid senders and their signed transfers, which is made once. */
async function prepared(context: Context, installation: Installation, secp256k1: Secp256k1, count: number) {
  const folder = join(installation.folder, "prepared");
  const file = join(installation.folder, "prepared.json");
  if (!existsSync(file)) {
    mkdirSync(folder);
    const node = litecoind(context, installation, folder);
    await untilAnswers(node.start("load"), node.answers);
    const chain = await prepareChain(endpoint, secp256k1, count);
    await node.stop();
    writeFileSync(file, JSON.stringify(chain));
  }
  return { folder, chain: JSON.parse(readFileSync(file, "utf8")) as PreparedChain };
}

function litecoind({ world }: Context, { file, folder }: Installation, data: string) {
  const options = [
    ...["-regtest", `-datadir=${data}`, "-listen=0", "-dnsseed=0", "-discover=0", "-fallbackfee=0.001"],
    ...["-server", "-rpcuser=bench", "-rpcpassword=bench", `-rpcport=${endpoint.port}`],
    ...["-rpcthreads=8", "-rpcworkqueue=256"],
    // A sender's next transfer spends the change of the one before.
    ...["-limitancestorcount=1000", "-limitdescendantcount=1000"],
  ];
  const run = runner(world, "litecoind", () => [file, ...options], {
    env: { HOME: data, LD_LIBRARY_PATH: join(folder, "libraries") },
  });
  return {
    ...run,
    answers: async () => (await rpc<number>(endpoint, "getblockcount")) >= 0,
  };
}
