import { ethereumInstance, type SignedTransfers } from "./ethereum.ts";
import type { Installation } from "./installation.ts";
import { rpc } from "./json-rpc.ts";
import { runner } from "./process-group.ts";
import type { Program } from "./program.ts";

const port = 8_546;

/** The configuration of Hardhat's node: blocks at once, in the order of the posts. */
export const hardhatConfig = `export default {
  networks: {
    node: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 31337,
      blockGasLimit: 30000000000,
      mining: { auto: true, mempool: { order: "fifo" } },
    },
  },
};
`;

export function hardhatProgram(
  { version, file, folder }: Installation,
  signed: (count: number) => SignedTransfers,
): Program {
  return {
    name: `Hardhat ${version}`,
    forms: ["single", "batch"],
    does: {
      mode: "a block for each transfer (its default); its log of calls is off",
      work: "one secp256k1 recovery, EVM; no disk",
      answer: "in a block in memory",
      finality: "none: one node for development",
    },
    async create({ world }, count) {
      const command = () => [
        process.execPath,
        file,
        "node",
        "--port",
        String(port),
        "--hostname",
        "127.0.0.1",
      ];
      const options = { cwd: folder, env: { HOME: world.dataDir, CI: "true" } };
      const instance = ethereumInstance(port, signed(count));
      return {
        ...instance,
        async pay() {
          await rpc({ port }, "hardhat_setLoggingEnabled", false);
          await instance.pay();
        },
        ...runner(world, "hardhat", command, options),
      };
    },
  };
}
