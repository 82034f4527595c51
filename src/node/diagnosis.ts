import type { DiagnosisState } from "../api/index.ts";
import { commandLine } from "../config/index.ts";
import { encodeAddress } from "../crypto/address.ts";
import { duration } from "../util/duration.ts";
import { authorityFindings, haltOf, missingToGoOn, silentAuthorities } from "./diagnosis-authorities.ts";
import {
  blockAge,
  blockLateMs,
  finalityLateMs,
  isAlone,
  isBusy,
  isLeftByPeers,
} from "./diagnosis-measures.ts";
import { behindBy, networkFindings } from "./diagnosis-network.ts";
import { recoveryFindings } from "./diagnosis-recovery.ts";
import { count } from "./diagnosis-text.ts";
import type { ChainInput, Diagnosis, DiagnosisInput, Finding } from "./diagnosis-types.ts";
import { leftBehindText, remedyText } from "./knowledge-of-rules.ts";

/** A busy chain soon uses up less than this. */
const minFreeDiskBytes = 256 * 2 ** 20;
/** A chain is halted when its block is late by this many periods, or by the time below if they are short. */
const haltPeriods = 3;
const minHaltMs = 3_000;
/** A shorter wait for the next block is over before anybody wonders. */
const minNamedWaitMs = 10_000;
/** A shorter delay is the normal wait of an authority out of turn. */
const minLateMs = 1_500;

/** Explains why the node waits, with the remedy. */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const state = stateOf(input);
  const { chain } = input;
  const isLate = state === "halted" || state === "waiting";
  const findings = [
    ...nodeFindings(input, state),
    ...(chain ? rulesFindings(chain) : []),
    ...(chain ? recoveryFindings(chain.recovery) : []),
    ...networkFindings(input, isLate),
    // The chain continues elsewhere.
    ...(chain && !isLeftBehind(chain) ? chainFindings(input, chain, state) : []),
  ];
  const isHalt = chain && isLate && isBlockLate(input) && !isLeftBehind(chain) && !hasEnded(chain);
  return {
    state,
    summary: summaryOf(input, state),
    findings,
    ...(isHalt && { halt: haltOf(input, chain) }),
  };
}

function chainFindings(input: DiagnosisInput, chain: ChainInput, state: DiagnosisState): Finding[] {
  if (!hasEnded(chain))
    return [
      ...authorityFindings(input, chain, { isBlockLate: isBlockLate(input), state }),
      ...nonceFindings(chain),
    ];
  return [
    {
      code: "NO_AUTHORITIES",
      detail: `the last authority has voted itself out: nobody may sign block ${chain.head.height + 1}`,
      remedy: "begin a new chain with the balances of this one; the nodes still serve this one",
    },
  ];
}

/** On a busy chain a gap is usual for a moment: transactions do not arrive in order. */
function nonceFindings({ nonceGap, wantedSinceMs }: ChainInput): Finding[] {
  if (!nonceGap || wantedSinceMs !== undefined) return [];
  const { count: waiting, idHex, address, nonce, missing } = nonceGap;
  return [
    {
      code: "NONCE_GAP",
      detail:
        `${count(waiting, "transaction")} ${waiting === 1 ? "waits" : "wait"} for an earlier one of the same account: ` +
        `${idHex} of ${encodeAddress(address)} has nonce ${nonce} and waits for nonce ${missing}`,
      remedy: `send a transaction with nonce ${missing} from that account (${commandLine(`send --nonce=${missing} --to=<address> --amount=<coins>`)}): the others follow`,
    },
  ];
}

function stateOf(input: DiagnosisInput): DiagnosisState {
  const { chain, hasGenesis, mode, sync, writeFailure } = input;
  if (writeFailure !== undefined) return "halted";
  if (!chain) return hasGenesis ? "syncing" : "no-genesis";
  if (isLeftBehind(chain)) return "halted";
  if (mode === "boot" || sync || behindBy(input, chain)) return "syncing";
  if (hasEnded(chain) || isLeftByPeers(input)) return "halted";
  const lateMs = blockLateMs(input, chain);
  if (lateMs >= Math.max(haltPeriods * chain.periodMs, minHaltMs)) return "halted";
  const isWaiting = isBlockLate(input) || finalityLateMs(input, chain) > 0 || isAlone(input);
  if (isWaiting || chain.conflicts.length > 0) return "waiting";
  return "ok";
}

/** True if the head enacts rules that this program does not know. */
function isLeftBehind({ snapshot, knownRules }: ChainInput): boolean {
  return snapshot.parameters.rules > knownRules;
}

function rulesFindings(chain: ChainInput): Finding[] {
  if (!isLeftBehind(chain)) return [];
  const { rules } = chain.snapshot.parameters;
  return [
    {
      code: "UNKNOWN_RULES",
      detail: `at block ${chain.head.height}: ${leftBehindText(rules, chain.knownRules)}`,
      remedy: remedyText(rules),
    },
  ];
}

/** True if the set is empty: nobody may sign the next block. */
function hasEnded({ snapshot }: ChainInput): boolean {
  return snapshot.authorities.length === 0;
}

function isBlockLate(input: DiagnosisInput): boolean {
  const { chain } = input;
  return chain !== undefined && blockLateMs(input, chain) >= Math.max(chain.periodMs, minLateMs);
}

function summaryOf(input: DiagnosisInput, state: DiagnosisState): string {
  const { chain, sync, nowMs, writeFailure } = input;
  if (writeFailure !== undefined) return "the database cannot be written";
  if (!chain && input.hasGenesis) return "loads its chain from the disk";
  if (!chain)
    return input.genesisPin
      ? `no genesis block yet: waits for a peer that has ${input.genesisPin}`
      : "no genesis block yet: adopts that of the first peer that has one";
  const { height } = chain.head;
  if (isLeftBehind(chain)) {
    const { rules } = chain.snapshot.parameters;
    return `stopped at height ${height}: the chain goes on by version ${rules} of the rules, which this program does not know`;
  }
  if (state === "syncing") {
    const target = sync?.targetHeight ?? behindBy(input, chain)?.height;
    if (target === undefined) return `at height ${height}, asks its peers for their heights`;
    const left = sync?.remainingMs === undefined ? "" : `, ${duration(sync.remainingMs)} left`;
    return `at height ${sync?.height ?? height} of ${target}, downloads the rest${left}`;
  }
  if (hasEnded(chain)) return `no authority is left: the chain has ended at height ${height}`;
  if (isBlockLate(input)) {
    const late = duration(blockLateMs(input, chain));
    return `at height ${height}, the next block is ${late} late; ${missingToGoOn(input, chain)}`;
  }
  const { finality } = chain;
  if (finality && finalityLateMs(input, chain) > 0) {
    const { finalized, quorum, voters } = finality;
    const needed = Math.max(0, quorum - voters.length);
    const what = needed > 0 ? `${count(needed, "vote")} missing` : "the votes do not agree yet";
    return `at height ${height}, but final only up to ${finalized.height}: ${what}`;
  }
  if (chain.conflicts.length > 0) {
    return `at height ${height}, but another block at height ${chain.conflicts[0]!.otherHeight} is final for others`;
  }
  if (isLeftByPeers(input))
    return `at height ${height}, and every connected node has gone through other recoveries than this one`;
  if (state === "waiting") return `at height ${height} without any peer`;
  const final = finality ? `, final up to ${finality.finalized.height}` : "";
  const dueInMs = -blockLateMs(input, chain);
  if (dueInMs === Number.POSITIVE_INFINITY)
    return `at height ${height}${final}; quiet until a transaction comes`;
  const silent = silentAuthorities(input, chain).length;
  const some = silent > 0 ? `; ${silent} of ${chain.snapshot.authorities.length} authorities are silent` : "";
  const next = dueInMs >= minNamedWaitMs ? `, next block in ${duration(dueInMs)}` : "";
  return `at height ${height}, ${duration(blockAge(nowMs, chain))} old${next}${final}${some}`;
}

/** Findings about this machine. */
function nodeFindings(
  { writeFailure, freeDiskBytes, mainThread }: DiagnosisInput,
  state: DiagnosisState,
): Finding[] {
  const findings: Finding[] = [];
  // A download uses the whole thread.
  if (isBusy(mainThread) && state !== "syncing") {
    const { utilization, delayMs, overMs } = mainThread;
    findings.push({
      code: "BUSY",
      detail:
        `the main thread worked ${Math.floor(100 * utilization)} % of the last ${duration(overMs)}, and timers were up to ${duration(delayMs)} late: ` +
        "blocks, votes and answers of this node are late by as much",
      remedy:
        "see what else runs on this machine, and who asks much over HTTP; give the node more of a processor, or the chain smaller blocks or a longer period (ccoin propose set); no clock is wrong by this",
    });
  }
  if (writeFailure !== undefined) {
    findings.push({
      code: "WRITE_FAILED",
      detail: `the database cannot be written (${writeFailure}): the node signs nothing more`,
      remedy:
        "make room on the disk, or repair it: the node starts again by itself when there is room, and nothing is lost",
    });
  }
  if (freeDiskBytes !== undefined && freeDiskBytes < minFreeDiskBytes) {
    findings.push({
      code: "DISK_LOW",
      detail: `the disk of the data folder has ${Math.floor(freeDiskBytes / 2 ** 20)} MiB left`,
      remedy: "make room, or stop the node and move its folder to a larger disk (--datadir)",
    });
  }
  return findings;
}
