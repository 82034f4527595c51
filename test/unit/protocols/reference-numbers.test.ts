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
import { lingerMs } from "../../../protocols/reqresp/exchange.ts";
import { maxReasonBytes } from "../../../protocols/reqresp/frames.ts";
import { keptRounds, maxRoundsAhead } from "../../../src/chain/finalizer.ts";
import { chainLimits } from "../../../src/config/chain-limits.ts";
import { maxRetryMs } from "../../../src/network/candidate.ts";
import { everyMs as pingEveryMs, pongTimeoutMs } from "../../../src/network/connection-watch.ts";
import { keptOutbound, maxOutbound, maxPerHost, wantedOutbound } from "../../../src/network/connections.ts";
import { lastedMs, yieldMs } from "../../../src/network/dialer.ts";
import { forwardAfterMs, unitsOfUseless, uselessQuota } from "../../../src/network/gossip.ts";
import { controlQuota, partsQuota, rpcLimits, rpcQuota } from "../../../src/network/gossip-guard.ts";
import { graceMs, everyMs as watchEveryMs } from "../../../src/network/gossip-watch.ts";
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
import { exchangeLimits } from "../../../src/network/peer-exchange.ts";
import { maxConcurrent, ownShare } from "../../../src/network/requests.ts";
import { halfLifeMs, wrongGenesisMs } from "../../../src/network/scores.ts";
import { serveLimits } from "../../../src/network/serve-budget.ts";
import { maxAddresses, toldLimits } from "../../../src/network/told.ts";
import { askedToo } from "../../../src/sync/certificate-errands.ts";
import { gossipGraceMs } from "../../../src/sync/complete-block.ts";
import { offenderQuota, openRoundsAhead } from "../../../src/sync/evidence-inbox.ts";
import { firstDoubtMs, maxDoubtMs } from "../../../src/sync/failed-claims.ts";
import { maxHeld, maxHoldMs } from "../../../src/sync/header-hold.ts";
import { surplusQuota } from "../../../src/sync/header-judge.ts";
import { maxPerVoter, verdictMs } from "../../../src/sync/held-votes.ts";
import { gossipGap } from "../../../src/sync/lead.ts";
import { downloadPeers } from "../../../src/sync/lead-download.ts";
import { askAgainMs, askedAtOnce, lookEveryMs } from "../../../src/sync/other-recoveries.ts";
import { pollLimits } from "../../../src/sync/poll-turns.ts";
import { recordBytes, senderBytes } from "../../../src/sync/serve.ts";
import { perHeight, remembered } from "../../../src/sync/slot-limit.ts";
import { patienceMs } from "../../../src/sync/standing.ts";
import { maxListened } from "../../../src/sync/topics.ts";
import { fewAccepted, transactionQueueLimits } from "../../../src/sync/transaction-inbox.ts";
import { maxRounds, recentRounds } from "../../../src/sync/vote-limit.ts";
import { errandQuota, voteQuota } from "../../../src/sync/voter-accounts.ts";
import {
  aSecond,
  capital,
  english,
  inWords,
  mebibytes,
  minutes,
  power,
  rate,
  readPage,
  seconds,
} from "../support/documented.ts";

const page = readPage("protocols/README.md");

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
  `the other waits ${yieldMs} ms`,
  `A connection without an answer for ${seconds(pongTimeoutMs)} is closed (_reference_; a ping every ${seconds(pingEveryMs)})`,
  `If a node has none to it ${seconds(graceMs)} after the newest connection began, it closes the connection (_reference_; checked every ${seconds(watchEveryMs)})`,
  `are dialled ${inWords(exchangeLimits.atOnce)} at a time, while the node has dialled fewer than ${inWords(wantedOutbound)} others`,
  `Addresses that never worked are dialled ${inWords(toldLimits.perTarget.requests)} times, then once a minute`,
  `One host is dialled ${toldLimits.perHost.requests} times in a minute, one IPv4 /24 or IPv6 /48 ${toldLimits.perGroup.requests} times in a minute`,
  `are dialled ${toldLimits.elsewherePerTeller.requests} times in ${minutes(toldLimits.elsewherePerTeller.perMs)} for each reporting peer and ${toldLimits.elsewhere.requests} times in all`,
  `mDNS causes ${toldLimits.byDiscovery.requests} dials in a minute, ${toldLimits.discoveryPerTeller.requests} of them by answers from one other machine, ${toldLimits.publicByDiscovery.requests} of them to public addresses`,
  `${capital(inWords(maxAddresses))} addresses of a peer are kept`,
  `${maxKnownPeers} peers, ${maxKnownPerHost} of one host`,
  `A node accepts ${inboundLimits.places} connections, ${inboundLimits.placesPerHost} of them from one address`,
  `It dials ${maxOutbound}, of which ${keptOutbound} are kept for peers that it dialled in an earlier run; of these at most ${maxPerHost} have one address`,
  `A side whose peer is still open ${seconds(lingerMs)} later resets the stream`,
  `(_reference_: ${100 * ownShare} % of it). An answerer may also answer \`rateLimited\` if more than ${maxConcurrent} answers`,
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
  `at most ${english(uselessQuota.requests)} in ${seconds(uselessQuota.perMs)} may be ignored`,
  `It listens to at most ${inWords(maxListened)}`,
  `are forwarded ${forwardAfterMs} ms after their arrival`,
  `\`Transactions\`, 1 to ${maxGossipTransactions}`,
  `A batch of which the pool takes less than a ${fewAccepted === 4 ? "quarter" : `part in ${fewAccepted}`} (_reference_) is ignored`,
  `or ${inWords(perHeight)} at its height, or its slot or height is below the ${remembered} highest`,
  `(_reference_: ${surplusQuota.requests} at once, then ${aSecond(surplusQuota)} a second); the others are ignored unchecked`,
  `It is held for ${seconds(maxHoldMs)} at most (gossipsub forwards nothing that is judged later), and ${maxHeld.each} of one proposer`,
  `${gossipGraceMs} ms later (_reference_) it requests the missing ones`,
  `a target round more than ${power(maxRoundsAhead)} above both`,
  `The votes of the ${maxRounds} highest rounds of each voter are remembered`,
  `(_reference_: ${voteQuota(1_000).requests} at once, then ${aSecond(voteQuota(1_000))} a second, up to ${aSecond(voteQuota(250))} on chains with short slots)`,
  `the target is ${keptRounds} rounds or more behind the highest justified`,
  `Votes ${recentRounds} rounds or more below another of their voter`,
  `The vote is kept (${maxPerVoter} per authority), its block is requested at the voter's expense (\`blocks-by-id\`, _reference_: ${errandQuota.requests} at once, then ${rate(errandQuota)}), and the verdict waits for the block, for ${seconds(verdictMs)} at most`,
  `_Reference_: ${english(offenderQuota.requests)} at once, then ${rate(offenderQuota)}; headers, votes of the rounds from the final one to ${openRoundsAhead} above the justified one`,
  `In rounds of ${seconds(pollLimits.everyMs)} it asks the peers that it dialled, and ${pollLimits.inbound} of those`,
  `in more than ${inWords(gossipGap)} blocks`,
  `When none has arrived for ${seconds(patienceMs)}, it is in step again`,
  `\`count\` is 1 to ${maxIdsPerPage}`,
  `\`count\` is 1 to ${maxHeadersPerPage}`,
  `\`count\` is 1 to ${maxBlocksPerRequest}`,
  `once it holds ${mebibytes(blocksAnswerBytes)}`,
  `which is 1 to ${maxMempoolIds}, highest fee first`,
  `which is 1 to ${maxEvidencePerRequest}, newest first`,
  `are left out for ${seconds(firstDoubtMs)}, doubled each time up to ${seconds(maxDoubtMs)}. ${capital(inWords(downloadPeers))} peers are asked at once`,
  `the peer that passed the vote on, and ${askedToo.afterMs} ms later ${inWords(askedToo.peers)} others`,
  `(_reference_: once ${askAgainMs === 60_000 ? "a minute" : `in ${seconds(askAgainMs)}`} at most, ${inWords(askedAtOnce)} peers in ${seconds(lookEveryMs)}, addresses in turns)`,
  `A node asks while it has dialled fewer than ${inWords(wantedOutbound)} peers of its own choice, peers given by a person not counted: ${inWords(exchangeLimits.atOnce)} peers at a time`,
  `each every ${seconds(exchangeLimits.everyMs)} at first and once a minute later`,
  `it is halved every ${minutes(halfLifeMs)}`,
  `disconnected and kept away for ${seconds(wrongGenesisMs)}`,
];

test.each(sentences)("protocols/README.md says: %s", (sentence) => {
  expect(page.includes(sentence)).toBe(true);
});
