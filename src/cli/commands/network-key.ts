import type { Command } from "commander";
import { makeNetworkKey } from "../../config/network-key.ts";
import { createFile } from "../../util/atomic-file.ts";
import { codeOf, messageOf, UserError } from "../../util/errors.ts";
import { addExamples } from "../examples.ts";
import type { GlobalOptions } from "../options.ts";
import { printResult } from "../output.ts";

interface Options extends GlobalOptions {
  out: string;
}

export function addNetworkKeyCommand(command: Command): void {
  command
    .requiredOption("-o, --out <file>", "write it to this file, which must not exist")
    .action(async (_options, self: Command) => run(self.optsWithGlobals<Options>()));
  addExamples(
    command,
    "ccoin network-key -o network.key",
    "ccoin start --nodeid=2 --network-key-file=network.key --bootstrap=/ip4/192.168.1.10/tcp/63261",
  );
}

async function run({ out, json }: Options): Promise<void> {
  try {
    await createFile(out, makeNetworkKey());
  } catch (cause) {
    const why = codeOf(cause) === "EEXIST" ? "it exists" : messageOf(cause);
    throw new UserError(`cannot write ${out}: ${why}`, "CANNOT_WRITE", { cause });
  }
  printResult(
    json,
    { file: out },
    `wrote ${out}: copy it to each node, over a way that nobody else can read`,
  );
}
