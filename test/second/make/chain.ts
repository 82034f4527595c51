import { hasSignedRecently } from "../../../src/consensus/index.ts";
import { GenesisBlock } from "../../../src/types/genesis.ts";
import {
  authorityVote,
  Block,
  type HeaderVote,
  maxAmount,
  noVote,
  parameterVote,
  type Transaction,
} from "../../../src/types/index.ts";
import { authorities, BlockMaker, type Tip, testGenesis, users } from "../../unit/support/chain.ts";
import { hex } from "./text.ts";

const blockCount = 50;
const epochLength = 20;

/** The votes of the authorities from a height on, until they are enacted. */
const proposals: readonly { from: number; about: string; vote: HeaderVote }[] = [
  { from: 2, about: "add the fourth authority", vote: authorityVote("add", authorities[3]!.publicKey) },
  { from: 10, about: "set minFee to 3", vote: parameterVote("minFee", 3) },
  {
    from: 18,
    about: "set blockReward to 9: the epoch at height 20 discards the first votes",
    vote: parameterVote("blockReward", 9),
  },
  {
    from: 30,
    about: "remove the second authority",
    vote: authorityVote("remove", authorities[1]!.publicKey),
  },
  {
    from: 41,
    about: "set periodMs to 2000: above emptyBlockPeriodMs, so it is never counted",
    vote: parameterVote("periodMs", 2_000),
  },
  { from: 45, about: "set emptyBlockPeriodMs to 0", vote: parameterVote("emptyBlockPeriodMs", 0) },
  {
    from: 47,
    about: "set blockReward to 2^64 - 1: the last blocks pay what the balance of their proposer can hold",
    vote: parameterVote("blockReward", maxAmount),
  },
];

function isEnacted({ snapshot }: Tip, at: number): boolean {
  const { authorities: set, parameters } = snapshot;
  const has = (index: number) => set.some((one) => hex(one) === hex(authorities[index]!.publicKey));
  return [
    has(3),
    parameters.minFee === 3n,
    parameters.blockReward === 9n,
    !has(1),
    false,
    parameters.emptyBlockPeriodMs === 0,
    parameters.blockReward === maxAmount,
  ][at]!;
}

/** Returns the authority in turn, or another one for every seventh block or if the one in turn has just signed. */
function proposerOf({ snapshot }: Tip, height: number) {
  const { authorities: set } = snapshot;
  for (let step = height % 7 === 0 ? 1 : 0; ; step++) {
    const address = set[(height + step) % set.length]!;
    if (!hasSignedRecently(snapshot, height, address))
      return authorities.find(({ publicKey }) => hex(publicKey) === hex(address))!;
  }
}

export function describeTip({ blocks, id, header, snapshot, totalDifficulty }: Tip) {
  return {
    height: header.height,
    id: hex(id),
    encoded: hex(Block.serialize(blocks.at(-1)!)),
    stateRoot: hex(header.stateRoot),
    totalDifficulty,
    authoritiesAfter: snapshot.authorities.map(hex),
    openVotesAfter: snapshot.openVotes.length,
  };
}

/** Resolves to `chain.json`, and to the genesis block and the chain at each height. */
export async function makeChain() {
  const genesis = await testGenesis(3, { epochLength });
  const maker = new BlockMaker(genesis);
  let tip = maker.start();
  const tips = [tip];
  const nonces = [0, 0, 0];
  for (let height = 1; height <= blockCount; height++) {
    const transactions: Transaction[] = [];
    for (let count = 0; count < height % 3; count++) {
      const from = (height + count) % 3;
      const kinds = [users[3]!.publicKey, users[from]!.publicKey, authorities[height % 5]!.publicKey];
      const to = kinds[(height + 2 * count) % 3]!;
      const memo = new Uint8Array(height % 4 === 0 ? 40 * count : 0).fill(height);
      const terms = {
        amount: BigInt(height * 7),
        fee: 3n,
        validUntil: height % 2 === 0 ? height + count : 0,
      };
      transactions.push(await maker.transfer({ from, to, memo, nonce: nonces[from]!++, ...terms }));
    }
    const at = proposals.findLastIndex(({ from }) => from <= height);
    const votes = at >= 0 && height % epochLength !== 0 && !isEnacted(tip, at);
    const by = proposerOf(tip, height);
    const laterMs = height % 7 === 0 ? 500 : 0;
    tip = await maker.block(tip, {
      by,
      transactions,
      laterMs,
      edit: { vote: votes ? proposals[at]!.vote : noVote },
    });
    tips.push(tip);
  }
  const { block } = genesis;
  const chain = {
    about: `A chain of ${blockCount} blocks: transfers, rewards, votes on the set and on parameters. Proposals, in turn: ${proposals.map(({ about }) => about).join("; ")}.`,
    genesis: { id: hex(genesis.id), encoded: hex(GenesisBlock.serialize(block)) },
    blocks: tips.slice(1).map(describeTip),
  };
  return { genesis, tips, chain };
}

export type MadeChain = Awaited<ReturnType<typeof makeChain>>;
