/**
 * Kills a signing process with SIGKILL at random moments, and looks for conflicting signatures among all its lives.
 * Usage: node test/faults/kill-signer.ts [rounds]   (200 by default)
 */
import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { checkDataIdentity, createProtectedSigner, signerFromSeed } from "../../src/accounts/index.ts";
import { ProtectionStore } from "../../src/accounts/protection-store.ts";
import { LevelDatabase } from "../../src/storage/level-database.ts";
import type { Clock } from "../../src/util/clock.ts";
import { silentLogger } from "../../src/util/logger.ts";

/** The longest life after its first signature, in which it may write hundreds of records. */
const longestLifeMs = 60;

export interface KillResult {
  rounds: number;
  signatures: number;
  /** Pairs of conflicting lines. */
  conflicts: [string, string][];
}

/**
 * Kills the signer this many times. Each published signature is a line `header <slot> <root>` or `vote <source>
 * <target> <root>`.
 */
export async function killSigner(rounds: number): Promise<KillResult> {
  const folder = await mkdtemp(join(tmpdir(), "ccoin-kill-"));
  const left = new Set<string>();
  try {
    for (let round = 0; round < rounds; round++) await liveAndDie(folder, (line) => left.add(line));
  } finally {
    await rm(folder, { recursive: true });
  }
  return { rounds, signatures: left.size, conflicts: conflictsAmong([...left]) };
}

export function conflictsAmong(lines: string[]): [string, string][] {
  const conflicts: [string, string][] = [];
  const headers = new Map<string, string>();
  const votes: { line: string; source: number; target: number }[] = [];
  for (const line of lines) {
    const [kind, a = "", b = ""] = line.split(" ");
    if (kind === "header") {
      const before = headers.get(a);
      if (before) conflicts.push([before, line]);
      headers.set(a, line);
    } else {
      votes.push({ line, source: Number(a), target: Number(b) });
    }
  }
  // With ascending targets, a vote from below the highest source so far surrounds the vote with that source.
  votes.sort((x, y) => x.target - y.target);
  let inner = votes[0];
  for (const [at, vote] of votes.entries()) {
    const before = votes[at - 1];
    if (before?.target === vote.target) conflicts.push([before.line, vote.line]);
    else if (inner && vote.source < inner.source) conflicts.push([inner.line, vote.line]);
    if (inner && vote.source > inner.source) inner = vote;
  }
  return conflicts;
}

async function liveAndDie(folder: string, onLine: (line: string) => void): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, "--child", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve(signal));
  });
  let killing = false;
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that the kill has cut off was not published.
    if (/^(header|vote) [\d ]+ [0-9a-f]{64}$/.test(line)) onLine(line);
    if (killing) continue;
    killing = true;
    setTimeout(() => child.kill("SIGKILL"), randomInt(longestLifeMs));
  }
  if ((await ended) !== "SIGKILL") throw new Error("the signing process ended by itself");
}

/** Requests signatures in any order, most of them with other contents for recent slots and rounds. */
async function sign(folder: string): Promise<never> {
  // Node.js writes its compile cache, where it has one, at the end of a process, which a kill does not allow.
  flushCompileCache();
  const database = await LevelDatabase.open(join(folder, "db"));
  const store = new ProtectionStore(database);
  const clock: Clock = { now: () => 0, after: () => () => undefined };
  const identity = await checkDataIdentity({ paths: { folder, db: join(folder, "db") }, store });
  if (identity.reasons.length > 0) throw new Error(`a restart was taken for a copy: ${identity.reasons}`);
  const signer = await createProtectedSigner({
    signer: signerFromSeed(new Uint8Array(32).fill(1)),
    store,
    clock,
    logger: silentLogger,
    slotOf: () => 0,
    identity,
  });
  const attempt = async (line: string, signing: Promise<Uint8Array>) => {
    const signature = await signing.catch(() => undefined);
    if (signature) writeSync(1, `${line}\n`);
  };
  for (;;) {
    const root = new Uint8Array(randomBytes(32));
    const text = Buffer.from(root).toString("hex");
    const record = await store.load(signer.publicKey);
    const slot = Math.max(0, (record?.slot ?? -1) + randomInt(-2, 2));
    const targetRound = Math.max(1, signer.lastTargetRound + randomInt(-2, 2));
    const sourceRound = Math.max(0, targetRound - randomInt(1, 4));
    await Promise.all([
      attempt(`header ${slot} ${text}`, signer.signHeader({ slot, root })),
      attempt(
        `vote ${sourceRound} ${targetRound} ${text}`,
        signer.signFinalityVote({ sourceRound, targetRound, root }),
      ),
    ]);
  }
}

if (import.meta.main) {
  const [first, folder] = process.argv.slice(2);
  if (first === "--child" && folder) await sign(folder);
  const { rounds, signatures, conflicts } = await killSigner(Number(first ?? 200));
  for (const [a, b] of conflicts) console.error(`conflict:\n  ${a}\n  ${b}`);
  console.log(`${rounds} kills, ${signatures} signatures, ${conflicts.length} conflicts`);
  process.exitCode = conflicts.length > 0 ? 1 : 0;
}
