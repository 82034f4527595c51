import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  blocksAnswerBytes,
  maxBlocksPerRequest,
  maxEvidencePerRequest,
  maxGossipBytes,
  maxGossipTransactions,
  maxHeadersPerPage,
  maxIdsPerPage,
  maxMempoolIds,
} from "../../../protocols/index.ts";
import { maxReasonBytes } from "../../../protocols/reqresp/frames.ts";
import { sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import { voteBlockDueMs } from "../../../src/chain/vote-blocks.ts";
import { chainLimits } from "../../../src/config/chain-rules.ts";
import { nextRecoveryRound, turnStepMs } from "../../../src/consensus/index.ts";
import { maxRecoveryRound } from "../../../src/consensus/recovery.ts";
import { maxOpenVotesPerVoter } from "../../../src/consensus/voting.ts";
import { maxRetryMs } from "../../../src/network/candidate.ts";
import { pongTimeoutMs } from "../../../src/network/connection-watch.ts";
import { lastedMs } from "../../../src/network/dialer.ts";
import { forwardAfterMs, unitsOfUseless } from "../../../src/network/gossip.ts";
import { controlQuota, partsQuota, rpcLimits, rpcQuota } from "../../../src/network/gossip-guard.ts";
import {
  handshakeTimeoutMs,
  mdnsIntervalMs,
  mdnsServiceTag,
  streamWindowBytes,
} from "../../../src/network/host.ts";
import { inboundLimits } from "../../../src/network/inbound.ts";
import { intakeLimits, unitBytesOfAnswers, unitsOfPing, unitsOfStream } from "../../../src/network/intake.ts";
import { maxKnownPeers, maxKnownPerHost } from "../../../src/network/known-peers.ts";
import { answerEveryMs, heardQuotas } from "../../../src/network/lan-discovery.ts";
import { keptOutbound, maxOutbound } from "../../../src/network/outbound.ts";
import { halfLifeMs, wrongGenesisMs } from "../../../src/network/scores.ts";
import { serveLimits } from "../../../src/network/serve-budget.ts";
import { maxAddresses, toldLimits } from "../../../src/network/told.ts";
import { maxHoldMs } from "../../../src/sync/header-hold.ts";
import { gossipGap } from "../../../src/sync/lead.ts";
import { pollLimits } from "../../../src/sync/poll-turns.ts";
import { recordBytes, senderBytes } from "../../../src/sync/serve.ts";
import { patienceMs } from "../../../src/sync/standing.ts";
import { transactionQueueLimits } from "../../../src/sync/transaction-inbox.ts";
import { maxAuthorities, maxRecoveries, parameterVote, zero32 } from "../../../src/types/index.ts";
import { testChainConfig } from "../../chain-config.ts";
import { authorities as authoritySet } from "../support/chain.ts";

const page = readFileSync(new URL("../../../protocols/README.md", import.meta.url), "utf8").replaceAll(
  /\s+/g,
  " ",
);

const english = (count: number) => count.toLocaleString("en-US");
const words = ["none", "one", "two", "three", "four", "five", "six", "seven", "Eight"];
const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`;
const seconds = (ms: number) => `${ms / 1_000} s`;
const minutes = (ms: number) => `${ms / 60_000} minutes`;
const aSecond = ({ requests, perMs }: { requests: number; perMs: number }) => (1_000 * requests) / perMs;

const power = (of: number) => `2^${Math.log2(of)}`;

/** Sentences of the page with the numbers of the code. */
const sentences = [
  `\`name\` (1 to ${chainLimits.maxNameBytes} bytes), \`symbol\` (1 to ${chainLimits.maxSymbolBytes} bytes)`,
  `\`decimals\` is at most ${chainLimits.maxDecimals}`,
  `\`slotMs\` is ${chainLimits.minPeriodMs} to ${power(chainLimits.maxPeriodMs + 1)} - 1, and \`epochLength\` is 1 to ${power(chainLimits.maxEpochLength + 1)} - 1`,
  `\`periodMs\` is ${chainLimits.minPeriodMs} to ${power(chainLimits.maxPeriodMs + 1)} - 1 and at least \`slotMs\``,
  `\`emptyBlockPeriodMs\` is 0, or \`periodMs\` to ${power(chainLimits.maxPeriodMs + 1)} - 1`,
  `\`maxBlockTransactions\` is 1 to ${power(chainLimits.maxBlockTransactions)}, and \`maxBlockBytes\` is ${chainLimits.minBlockBytes} to ${power(chainLimits.maxBlockBytes)}`,
  `there are 1 to ${chainLimits.maxAuthorities} authorities`,
  `a stream's window grows to at most ${mebibytes(streamWindowBytes)}`,
  `with the service name \`${mdnsServiceTag}\``,
  `A node asks when it starts and then every ${seconds(mdnsIntervalMs)}`,
  `answers once ${answerEveryMs === 1_000 ? "a second" : seconds(answerEveryMs)} at most`,
  `reads ${heardQuotas.inAll.requests} answers a second, ${heardQuotas.perSender.requests} of one other machine`,
  `peers that once stayed connected for ${seconds(lastedMs)}, forever, with delays that double up to ${seconds(maxRetryMs)}`,
  `A connection without an answer for ${seconds(pongTimeoutMs)} is closed`,
  `Addresses that never worked are dialled ${words[toldLimits.perTarget.requests]} times, then once a minute`,
  `One host is dialled ${toldLimits.perHost.requests} times in a minute, one IPv4 /24 or IPv6 /48 ${toldLimits.perGroup.requests} times in a minute`,
  `are dialled ${toldLimits.elsewherePerTeller.requests} times in ${minutes(toldLimits.elsewherePerTeller.perMs)} for each reporting peer and ${toldLimits.elsewhere.requests} times in all`,
  `mDNS causes ${toldLimits.byDiscovery.requests} dials in a minute, ${toldLimits.discoveryPerTeller.requests} of them by answers from one other machine, ${toldLimits.publicByDiscovery.requests} of them to public addresses`,
  `${words[maxAddresses]} addresses of a peer are kept`,
  `${maxKnownPeers} peers, ${maxKnownPerHost} of one host`,
  `A node accepts ${inboundLimits.places} connections, ${inboundLimits.placesPerHost} of them from one address`,
  `It dials ${maxOutbound}, of which ${keptOutbound} are kept for peers`,
  `A handshake must be over within ${seconds(handshakeTimeoutMs)}, and ${inboundLimits.handshakesPerHost} may be under way from one address`,
  `may begin ${inboundLimits.ratePerHost.requests} handshakes at once, then ${aSecond(inboundLimits.ratePerHost)} a second, and one in ${1 / aSecond(inboundLimits.rateOfCrowded)} s`,
  `(each ${unitBytesOfAnswers / 1_024} KiB on streams that this node has opened), each stream that the peer opens is ${unitsOfStream} more, a ping of yamux is ${unitsOfPing}`,
  `each message that is ignored is ${unitsOfUseless} more`,
  `has ${english(intakeLimits.perHost.requests)} units, refilled at ${english(aSecond(intakeLimits.perHost))}/s, and each of its peers ${english(intakeLimits.perPeer.requests)} and ${aSecond(intakeLimits.perPeer)}/s`,
  `at most ${maxReasonBytes} bytes of UTF-8`,
  `(at least ${recordBytes / 1_024} KiB for a record), ${senderBytes} for each sender`,
  `${mebibytes(serveLimits.perPeer.requests)} in ${seconds(serveLimits.perPeer.perMs)} for a peer, ${mebibytes(serveLimits.perHost.requests)} for an address`,
  `${serveLimits.inAll.requests / 2 ** 30} GiB in all`,
  `an address may hold ${mebibytes(serveLimits.heldPerHost)} and all together ${mebibytes(serveLimits.heldInAll)}`,
  `wait for more than ${seconds(serveLimits.maxWaitMs)}, or behind ${serveLimits.waitingPerHost} others of its address or ${serveLimits.waiting} in all`,
  `${rpcLimits.subscriptions} subscriptions, ${rpcLimits.messages} messages, ${rpcLimits.controlMessages} control messages of each kind, ${english(rpcLimits.ids)} ids in all, and ${rpcLimits.unknown} fields`,
  `A peer sends at most ${english(rpcQuota.requests)} RPCs in ${seconds(rpcQuota.perMs)}, which hold at most ${english(partsQuota.requests)} subscriptions`,
  `${controlQuota.requests} of these RPCs may have neither a message nor an IDONTWANT`,
  `at most ${mebibytes(transactionQueueLimits.maxBytesPerPeer)} and ${transactionQueueLimits.maxCountPerPeer} messages wait to be checked`,
  `at most ${mebibytes(maxGossipBytes)} (${english(maxGossipBytes)} bytes)`,
  `are forwarded ${forwardAfterMs} ms after their arrival`,
  `\`Transactions\`, 1 to ${maxGossipTransactions}`,
  `It is held for ${seconds(maxHoldMs)} at most`,
  `In rounds of ${seconds(pollLimits.everyMs)} it asks the peers that it dialled, and ${pollLimits.inbound} of those`,
  `in more than ${words[gossipGap]} blocks`,
  `When none has arrived for ${seconds(patienceMs)}, it is in step again`,
  `\`count\` is 1 to ${maxIdsPerPage}`,
  `\`count\` is 1 to ${maxHeadersPerPage}`,
  `\`count\` is 1 to ${maxBlocksPerRequest}`,
  `once it holds ${mebibytes(blocksAnswerBytes)}`,
  `which is 1 to ${maxMempoolIds}, highest fee first`,
  `which is 1 to ${maxEvidencePerRequest}, newest first`,
  `it is halved every ${minutes(halfLifeMs)}`,
  `disconnected and kept away for ${seconds(wrongGenesisMs)}`,
];

/** Sentences of docs/consensus.md with the numbers of the code. */
const ofConsensus = [
  `A step is \`periodMs // 2\`, at least ${turnStepMs(1)} ms and at most ${turnStepMs(1_000_000)} ms`,
  `if the voter has fewer than ${maxOpenVotesPerVoter} open votes`,
  `while there are fewer than ${maxAuthorities}`,
  `keeps at most ${sideBlockLimits.perProposer.blocks} of them from one proposer (and ${mebibytes(sideBlockLimits.perProposer.bytes)}), and ${english(sideBlockLimits.inAll.blocks)} (${mebibytes(sideBlockLimits.inAll.bytes)}) in all`,
  `It stores ${words[sideBlockLimits.neededFactor]} times as many`,
  `of at most ${maxRecoveries}.`,
  `at most ${power(maxRecoveryRound)};`,
  `takes the next multiple of ${power(nextRecoveryRound(0))} above`,
  `Then series of as many follow, the first after ${seconds(pauseAfterSeriesMs(1))} and each after twice the time, up to ${pauseAfterSeriesMs(40) / 3_600_000} hours`,
];

/** The pause after so many series of blocks for an open vote, in a set of four: two blocks each. */
function pauseAfterSeriesMs(series: number): number {
  const authorities = authoritySet.slice(0, 4).map(({ publicKey }) => publicKey);
  const { parameters } = testChainConfig({ authorities });
  const openVotes = [{ voter: authorities[0]!, vote: parameterVote("minFee", 7), height: 1 }];
  const snapshot = { authorities, openVotes, parameters, recentSigners: [], recovery: zero32 };
  return voteBlockDueMs(snapshot, { height: 1 + 2 * series, timestamp: 0 });
}

test.each(ofConsensus)("docs/consensus.md says: %s", (sentence) => {
  const consensus = readFileSync(new URL("../../../docs/consensus.md", import.meta.url), "utf8");
  expect(consensus.replaceAll(/\s+/g, " ").includes(sentence)).toBe(true);
});

test.each(sentences)("the page says: %s", (sentence) => {
  expect(page.includes(sentence)).toBe(true);
});
