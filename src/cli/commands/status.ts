import type { Command } from "commander";
import { type Account, ApiError, type Client, type Diagnosis, type Status } from "../../client/index.ts";
import { duration } from "../../util/duration.ts";
import { addExamples } from "../examples.ts";
import { addNodeUrlOptions, type NodeUrlOptions, nodeClient } from "../node-client.ts";
import { nodeIdOption } from "../options.ts";
import { paceText, printResult, styled, table } from "../output.ts";
import { plain } from "../plain.ts";
import { amountInUnit, findAccount, namedAddress } from "../unit-text.ts";

export function addStatusCommand(command: Command): void {
  addNodeUrlOptions(command.addOption(nodeIdOption().default(1))).action(async (_options, self: Command) =>
    run(self.optsWithGlobals<NodeUrlOptions>()),
  );
  addExamples(
    command,
    "ccoin status --nodeid=2",
    "ccoin status --url=http://192.168.1.10:63262 --json",
    "ccoin status --url=https://192.168.1.10:63262 --tls-fingerprint=AB:CD:…",
  );
}

async function run(options: NodeUrlOptions): Promise<void> {
  const client = await nodeClient(options);
  const status = await client.status();
  const diagnosis = await fetchDiagnosis(client);
  const account = options.json ? undefined : await findAccount(client, status.address);
  const text = statusText(plain(status), plain(diagnosis), Date.now(), plain(account));
  printResult(options.json, { ...status, diagnosis }, text);
}

/** Resolves to `undefined` if the node has no diagnosis. */
async function fetchDiagnosis(client: Client): Promise<Diagnosis | undefined> {
  try {
    return await client.diagnosis();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

const stateColors = {
  ok: "green",
  waiting: "yellow",
  halted: "red",
  syncing: "cyan",
  "no-genesis": "yellow",
} as const;

/** `account`: the node's own, `undefined` where it has no chain. */
function statusText(
  status: Status,
  diagnosis: Diagnosis | undefined,
  nowMs: number,
  account?: Account,
): string {
  const { head, finalized, mempool, sync } = status;
  const leastFee = mempool.minFee === null ? "" : `, fee at least ${amountInUnit(mempool.minFee, status)}`;
  const chain = status.genesisId
    ? [
        ["chain", `${status.name}, a block every ${periodText(status.periodMs)}`],
        ["genesis", status.genesisId],
      ]
    : [["chain", "none yet"]];
  const rows: string[][] = [
    ["node", `${status.nodeId} (ccoin ${status.version})`],
    ["mode", status.mode],
    ...(diagnosis
      ? [["state", `${styled(stateColors[diagnosis.state], diagnosis.state)}: ${diagnosis.summary}`]]
      : []),
    ...chain,
    ["head", head ? `${head.height}  ${head.id}  ${duration(nowMs - head.timestamp)} ago` : "none"],
    ["finalized", finalized ? `${finalized.height}  ${finalized.id}` : "none"],
    ...(sync ? [["sync", syncText(sync)]] : []),
    ["peers", String(status.peers)],
    ["mempool", `${mempool.count} transactions, ${mempool.bytes} bytes${leastFee}`],
    ["account", account ? namedAddress(account) : status.address],
    ...(account ? [["balance", amountInUnit(account.balance, status)]] : []),
    ["peer id", status.peerId],
  ];
  const findings = (diagnosis?.findings ?? []).map(
    ({ code, detail, remedy }) => `\n${styled("bold", code)}: ${detail}\n  -> ${remedy}`,
  );
  return [table(rows as [string, string][]), ...findings].join("\n");
}

/** A period of parts of a second is not rounded. */
function periodText(ms: number | null): string {
  return ms !== null && ms % 1_000 === 0 ? duration(ms) : `${ms} ms`;
}

function syncText({
  height,
  targetHeight,
  blocksPerSecond,
  remainingMs,
}: NonNullable<Status["sync"]>): string {
  return `block ${height} of ${targetHeight}${paceText(blocksPerSecond, remainingMs)}`;
}
