import { join } from "node:path";
import { ethereumInstance, type SignedTransfers } from "./ethereum.ts";
import type { Installation } from "./installation.ts";
import { runner } from "./process-group.ts";
import type { Program, Purpose } from "./program.ts";

const port = 8_545;
/** The same period as ccoin's. With a block for each transfer, it copies all accounts for each. */
const blockSeconds = "0.5";
/** Room for more transfers than come in a period. */
const gasLimit = "30000000000";
/** The interval at which it writes its state, in seconds; it cannot be less. */
const stateInterval = "1";

export function anvilProgram(
  { version, file }: Installation,
  signed: (count: number) => SignedTransfers,
): Program {
  return {
    name: `anvil ${version}`,
    forms: ["single", "batch"],
    does: {
      mode: "blocks every 500 ms under load (`--block-time`), otherwise at once; `--state` only for `kill -9`",
      work: "one secp256k1 recovery, EVM; no sync",
      answer: "in memory",
      finality: "none: one node for development",
    },
    async create({ world }, count) {
      const common = ["--port", String(port), "--quiet", "--order", "fifo", "--no-request-size-limit"];
      const state = ["--state", join(world.dataDir, "state.json"), "--state-interval", stateInterval];
      const more = { load: ["--block-time", blockSeconds], lone: [], kill: state };
      const command = (purpose: Purpose) => [file, ...common, "--gas-limit", gasLimit, ...more[purpose]];
      const env = { HOME: world.dataDir };
      return { ...ethereumInstance(port, signed(count)), ...runner(world, "anvil", command, { env }) };
    },
  };
}
