import { describe, expect, test } from "vitest";
import { unheardRounds } from "../../../src/accounts/doubtful-votes.ts";
import { defaultListenMs } from "../../../src/accounts/protected-signer.ts";
import { answeredVotes } from "../../../src/chain/answered-votes.ts";
import { sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import { distrustMs } from "../../../src/chain/producer.ts";
import { maxPatienceMs } from "../../../src/chain/round-leader.ts";
import { isSeriesOver, pauseAfterSeriesMs, seriesBegunSooner } from "../../../src/chain/signs-of-life.ts";
import { voteBlockDueMs } from "../../../src/chain/vote-blocks.ts";
import { keptSignatures, votesPerRound } from "../../../src/consensus/equivocation-watch.ts";
import {
  maxRoundTimeoutMs,
  minRoundTimeoutMs,
  nextRecoveryRound,
  quorum,
  signerLimit,
  turnStepMs,
} from "../../../src/consensus/index.ts";
import { maxRecoveryRound } from "../../../src/consensus/recovery.ts";
import { maxOpenVotesPerVoter } from "../../../src/consensus/voting.ts";
import { offenderQuota, openRoundsAhead } from "../../../src/sync/evidence-inbox.ts";
import { perGroup } from "../../../src/sync/evidence-list.ts";
import { maxPerVoter } from "../../../src/sync/held-votes.ts";
import { newest, readQuota } from "../../../src/sync/settled-votes.ts";
import { Evidence, maxAuthorities, maxRecoveries, parameterVote, zero32 } from "../../../src/types/index.ts";
import { testChainConfig } from "../../chain-config.ts";
import { authorities as authoritySet } from "../support/chain.ts";
import { english, inWords, mebibytes, power, rate, readPage, seconds } from "../support/documented.ts";

const listens = seconds(defaultListenMs);
const longest = seconds(maxRoundTimeoutMs);

/** Sentences of the pages with the numbers of the code. */
const sentences = {
  "docs/consensus.md": [
    `A step is \`periodMs // 2\`, at least ${turnStepMs(1)} ms and at most ${turnStepMs(1_000_000)} ms`,
    `if the voter has fewer than ${maxOpenVotesPerVoter} open votes`,
    `while there are fewer than ${maxAuthorities}`,
    `due once finality has made no progress for ${seconds(pauseAfterSeriesMs(0))} and the head is ${seconds(pauseAfterSeriesMs(0))} old`,
    `a multiple of \`2n\` and at which it has at least \`n + limit(n) - 1\` blocks`,
    `After such a series the next one is due after ${seconds(pauseAfterSeriesMs(1))}, then ${seconds(pauseAfterSeriesMs(2))} and so on up to ${seconds(pauseAfterSeriesMs(99))}`,
    `${inWords(seriesBegunSooner.requests)} at once and then one in ${seriesBegunSooner.perMs / seriesBegunSooner.requests / 60_000} minutes`,
    `for ${answeredVotes.requests} votes of one authority at once and then one in ${answeredVotes.perMs / answeredVotes.requests / 60_000} minutes`,
    `The \`limit(n) - 1\` blocks (at least one) after that of the newest open vote are due after \`periodMs\``,
    `Then series of as many follow, the first after ${seconds(pauseAfterVotesMs(1))} and each after twice the time, up to ${pauseAfterVotesMs(40) / 3_600_000} hours`,
    `For ${seconds(distrustMs)} after a wait in vain`,
    `keeps at most ${sideBlockLimits.perProposer.blocks} of them from one proposer (and ${mebibytes(sideBlockLimits.perProposer.bytes)}), and ${english(sideBlockLimits.inAll.blocks)} (${mebibytes(sideBlockLimits.inAll.bytes)}) in all`,
    `It stores ${inWords(sideBlockLimits.neededFactor)} times as many`,
    `is kept (${maxPerVoter} per authority), and the block is requested`,
    `half of the time-out of the round before, ${seconds(maxPatienceMs)} at most`,
    `if its votes differ, the next round begins after ${minRoundTimeoutMs} ms`,
    `old data makes an authority listen (${listens}, and ${longest} if the others have no quorum without it)`,
    `of at most ${maxRecoveries}.`,
    `at most ${power(maxRecoveryRound)};`,
    `takes the next multiple of ${power(nextRecoveryRound(0))} above`,
  ],
  "docs/slashing-protection.md": [
    `it signs nothing for ${listens}, and nothing until`,
    `whose block is stamped at least ${listens} after the start`,
    `targets up to \`max(recorded, justified, reached) + ${unheardRounds}\``,
    `The ${listens} are for clocks that differ`,
    `In sets of two and three these are blocks stamped ${listens} after the start`,
    `In larger ones they are blocks stamped ${longest} after it (the longest time-out of a round)`,
    `keep back every vote for ${longest} could deceive`,
    `a vote for a block stamped more than ${listens} after it`,
    `one header of each authority in each of the newest slots, and ${inWords(votesPerRound)} of its votes in each of the newest target rounds: ${english(keptSignatures.inAll)} slots, and as many rounds, shared by all authorities, at least ${keptSignatures.least} of each`,
    `beyond the newest ${newest} rounds: ${rate(readQuota).replace(" a", " such comparisons a")}`,
    `takes ${english(offenderQuota.requests)} new pieces of one authority at once and then ${rate(offenderQuota)}`,
    `votes of the rounds from the final one to ${openRoundsAhead} above the justified one`,
    `One account takes some ${10 * Math.round(evidenceBytesADay() / 10_000_000)} MB a day`,
    `the first ${perGroup.first} pieces and the newest of each offender and kind, ${perGroup.most} of each where there are few`,
  ],
};

/** The pause after so many series of blocks for an open vote, in a set of four: two blocks each. */
function pauseAfterVotesMs(series: number): number {
  const authorities = authoritySet.slice(0, 4).map(({ publicKey }) => publicKey);
  const { parameters } = testChainConfig({ authorities });
  const openVotes = [{ voter: authorities[0]!, vote: parameterVote("minFee", 7), height: 1 }];
  const snapshot = { authorities, openVotes, parameters, recentSigners: [], recovery: zero32 };
  return voteBlockDueMs(snapshot, { height: 1 + 2 * series, timestamp: 0 });
}

/** The disk that evidence against one authority takes in a day, in its largest form. */
function evidenceBytesADay(): number {
  return (86_400_000 * offenderQuota.requests * Evidence.fields.headers.maxSize) / offenderQuota.perMs;
}

describe.each(Object.entries(sentences))("%s says", (path, said) => {
  const page = readPage(path);

  test.each(said)("%s", (sentence) => {
    expect(page.includes(sentence)).toBe(true);
  });
});

test("a series of blocks that are signs of life ends where docs/consensus.md says", () => {
  for (let n = 1; n <= 8; n++)
    for (let height = 1; height <= 8 * n; height++)
      for (let length = 1; length <= height; length++)
        expect(isSeriesOver(n, height, length)).toBe(
          height % (2 * n) === 0 && length >= n + signerLimit(n) - 1,
        );
});

test("everybody's vote is needed in the sets that docs/slashing-protection.md names", () => {
  expect([2, 3, 4, 5, 6, 7, 1024].filter((n) => quorum(n) === n)).toEqual([2, 3]);
});
