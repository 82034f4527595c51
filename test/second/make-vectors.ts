/** Makes the contents of protocols/vectors/ from the reference. `scripts/make-vectors.ts` writes them. */
import type { Type } from "@chainsafe/ssz";
import { certificateOf, hasSignedRecently, headerEvidence, voteEvidence } from "../../src/consensus/index.ts";
import { computeDomain, signingRoot } from "../../src/types/domain.ts";
import { GenesisBlock } from "../../src/types/genesis.ts";
import {
  authorityVote,
  Block,
  Certificate,
  type Checkpoint,
  Evidence,
  FinalityVote,
  Header,
  type HeaderVote,
  maxAmount,
  noVote,
  parameterVote,
  type Recovery,
  Recovery as RecoveryType,
  SignedFinalityVote,
  SignedHeader,
  type Transaction,
  Transaction as TransactionType,
  Transfer,
} from "../../src/types/index.ts";
import { toHex } from "../../src/util/bytes.ts";
import { authorities, BlockMaker, type Tip, testGenesis, users } from "../unit/support/chain.ts";
import { recovered, recoveryAt } from "../unit/support/recovery.ts";
import { checkpoint, signedVote } from "../unit/support/votes.ts";

const blockCount = 50;
const epochLength = 20;

/** Hex digits without a prefix, the form of all byte strings in the vectors. */
const hex = (bytes: Uint8Array) => toHex(bytes).slice(2);
const json = (value: unknown) => `${JSON.stringify(value, undefined, 1)}\n`;

function typed<T>(type: Type<T> & { hashTreeRoot(value: T): Uint8Array }, value: T, about: string) {
  return {
    about,
    type: type.typeName,
    encoded: hex(type.serialize(value)),
    root: hex(type.hashTreeRoot(value)),
  };
}

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

function describe({ blocks, id, header, snapshot, totalDifficulty }: Tip) {
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

async function makeChain() {
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
    blocks: tips.slice(1).map(describe),
  };
  return { genesis, tips, chain };
}

type Made = Awaited<ReturnType<typeof makeChain>>;

async function makeFinality({ genesis, tips }: Made) {
  const point = (round: number, height: number) => checkpoint(round, tips[height]!);
  const source: Checkpoint = { round: 0, height: 0, block: genesis.id };
  const signAll = (from: Checkpoint, to: Checkpoint, count: number) =>
    Promise.all(authorities.slice(0, count).map((one) => signedVote(one, genesis, from, to)));
  const certificates = [];
  for (const [round, height, count, about] of [
    [1, 1, 3, "all three of three"],
    [2, 1, 2, "two of three: no quorum, which is 2n // 3 + 1"],
    [3, 20, 3, "three of four, after the set has grown"],
    [4, 20, 2, "two of four: no quorum"],
  ] as const) {
    const votes = await signAll(source, point(round, height), count);
    const certificate = certificateOf(votes[0]!.message, votes);
    const set = tips[height]!.snapshot.authorities;
    const valid = votes.length >= Math.floor((2 * set.length) / 3) + 1;
    certificates.push({ ...typed(Certificate, certificate, about), set: set.map(hex), valid });
  }
  const [one] = await signAll(source, point(1, 1), 1);
  const [other] = await signAll(source, point(1, 2), 1);
  const [outer] = await signAll(source, point(9, 3), 1);
  const [inner] = await signAll(point(2, 1), point(3, 2), 1);
  const header = tips[5]!.blocks[4]!.header;
  const by = authorities.find(({ publicKey }) => hex(publicKey) === hex(header.message.proposer))!;
  const message = { ...header.message, stateRoot: new Uint8Array(32).fill(1) };
  const signature = await by.sign(
    signingRoot(Header.hashTreeRoot(message), computeDomain("header", genesis.id)),
  );
  const pairs = [
    [
      "two headers in one slot",
      "header",
      headerEvidence(header, { message, signature }, genesis.config.slotMs),
    ],
    ["two votes with one target round", "doubleVote", voteEvidence(one!, other!)],
    ["a vote around another", "surround", voteEvidence(outer!, inner!)],
  ] as const;
  const evidence = pairs.flatMap(([about, offence, found]) => {
    const { headers, votes } = found!;
    const swap = <T>(list: { first: T; second: T }[]) =>
      list.map(({ first, second }) => ({ first: second, second: first }));
    const wrongOrder = { headers: swap(headers), votes: swap(votes) };
    return [
      { ...typed(Evidence, found!, about), offence },
      { ...typed(Evidence, wrongOrder, `${about}, in the wrong order: no evidence`), offence: null },
    ];
  });
  const votes = [one!, other!, outer!, inner!].map((vote) => ({
    ...typed(SignedFinalityVote, vote, "a vote"),
    objectRoot: hex(FinalityVote.hashTreeRoot(vote.message)),
    signed: true,
  }));
  const forged = { ...one!, voter: authorities[1]!.publicKey };
  votes.push({
    ...typed(SignedFinalityVote, forged, "a vote with another's name"),
    objectRoot: hex(FinalityVote.hashTreeRoot(forged.message)),
    signed: false,
  });
  return { genesisId: hex(genesis.id), slotMs: genesis.config.slotMs, votes, certificates, evidence };
}

/** Two recoveries, one after the other, with blocks on each, and recoveries that are not valid. */
async function makeRecoveries({ genesis, tips }: Made) {
  const maker = new BlockMaker(genesis);
  const from = tips[48]!;
  const set = { blockReward: 2n, minFee: 1n, periodMs: 2_000 };
  const first = recoveryAt(genesis.id, from, authorities.slice(2, 4), undefined, set);
  const one = await maker.block(recovered(from, first));
  const two = await maker.block(one);
  const second = recoveryAt(genesis.id, one, authorities.slice(1, 2), first);
  const three = await maker.block(recovered(one, second));
  const four = await maker.block(three, { edit: { vote: parameterVote("minFee", 2) } });
  const valid: [string, Recovery, Tip[]][] = [
    ["from block 48 of chain.json: two authorities, and other values of three parameters", first, [one, two]],
    [
      "from the first block under the one before: one authority, the parameters as they are",
      second,
      [three, four],
    ],
  ];
  const { parameters, block, authorities: both } = second;
  const wrong: [string, Partial<Recovery>][] = [
    ["of another chain", { genesisId: new Uint8Array(32) }],
    ["that does not follow the one before it", { previous: new Uint8Array(32) }],
    ["from genesis", { block: { height: 0, id: genesis.id } }],
    ["from a block below that of the one before it", { block: { ...block, height: 47 } }],
    ["from another block at the height of the one before it", { block: { ...block, height: 48 } }],
    ["in the round of the one before it", { round: first.round }],
    ["in a round above 2^52", { round: 2 ** 52 + 1 }],
    ["without authorities", { authorities: [] }],
    ["with an authority twice", { authorities: [...both, ...both] }],
    ["with an authority that is no address", { authorities: [new Uint8Array(32)] }],
    ["with a period below slotMs", { parameters: { ...parameters, periodMs: 999 } }],
    ["with empty blocks before the period", { parameters: { ...parameters, emptyBlockPeriodMs: 1_999 } }],
    ["with blocks of no transaction", { parameters: { ...parameters, maxBlockTransactions: 0 } }],
    ["with blocks of 16 MiB and a byte", { parameters: { ...parameters, maxBlockBytes: 2 ** 24 + 1 } }],
    ["with rules that no vote could have reached", { parameters: { ...parameters, rules: 51 } }],
  ];
  return {
    genesisId: hex(genesis.id),
    recoveries: valid.map(([about, recovery, blocks]) => ({
      ...typed(RecoveryType, recovery, about),
      blocks: blocks.map(describe),
    })),
    invalid: wrong.map(([about, change]) => typed(RecoveryType, { ...second, ...change }, about)),
  };
}

function makeTypes({ genesis, tips }: Made) {
  const genesisId = genesis.id;
  const blocks = tips.at(-1)!.blocks;
  const transactions = blocks.flatMap((block) => block.transactions);
  const withMemo = transactions.find(({ message }) => message.memo.length > 0)!;
  const signatures = [
    {
      type: "header",
      root: Header.hashTreeRoot(blocks[0]!.header.message),
      by: blocks[0]!.header.message.proposer,
      signature: blocks[0]!.header.signature,
    },
    {
      type: "transaction",
      root: Transfer.hashTreeRoot(withMemo.message),
      by: withMemo.message.from,
      signature: withMemo.signature,
    },
    {
      type: "genesis",
      root: Header.hashTreeRoot(genesis.block.header.message),
      by: genesis.block.header.message.proposer,
      signature: genesis.block.header.signature,
    },
  ] as const;
  return {
    genesisId: hex(genesisId),
    objects: [
      typed(Transfer, withMemo.message, "a transfer with a memo"),
      typed(TransactionType, withMemo, "its root is the transaction's id"),
      typed(TransactionType, transactions[0]!, "a transaction without a memo"),
      typed(Header, blocks[1]!.header.message, "a header with a vote; its root is the block's id"),
      typed(SignedHeader, blocks[1]!.header, "the same with its signature"),
      typed(Block, blocks[1]!, "a block with two transactions"),
    ],
    signatures: signatures.map(({ type, root, by, signature }) => {
      const domain = computeDomain(type, type === "genesis" ? new Uint8Array(32) : genesisId);
      const bytes = {
        objectRoot: hex(root),
        domain: hex(domain),
        signingRoot: hex(signingRoot(root, domain)),
      };
      return { type, ...bytes, publicKey: hex(by), signature: hex(signature) };
    }),
  };
}

/** Resolves to the texts of the files, by name. */
export async function makeVectors(): Promise<Record<string, string>> {
  const made = await makeChain();
  return {
    "chain.json": json(made.chain),
    "recovery.json": json(await makeRecoveries(made)),
    "finality.json": json(await makeFinality(made)),
    "types.json": json(makeTypes(made)),
  };
}
