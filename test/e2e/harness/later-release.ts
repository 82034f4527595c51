// Stands for `ccoin start` of a later release that knows the rules of test/rules-2.ts.
import { parseArgs } from "node:util";
import { defaultStopTimeoutMs, runUntilSignal } from "../../../src/cli/run-until-signal.ts";
import { parseNodeOptions } from "../../../src/config/index.ts";
import { runNode } from "../../../src/node/run.ts";
import { createLog } from "../../../src/util/logger.ts";
import { laterRules } from "../../rules-2.ts";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    nodeid: { type: "string", default: "1" },
    datadir: { type: "string", default: "" },
    host: { type: "string", default: "" },
  },
});
const options = parseNodeOptions({
  nodeId: Number(values.nodeid),
  dataDir: values.datadir,
  httpHost: values.host,
});
const { logger } = await createLog({ level: "info", format: "json", colors: false });
const stopTimeoutMs = Number(process.env["CCOIN_STOP_TIMEOUT"] ?? defaultStopTimeoutMs);
process.exit(await runUntilSignal(() => runNode(options, logger, laterRules), stopTimeoutMs));
