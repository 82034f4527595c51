import type { Type } from "@chainsafe/ssz";
import {
  authority as authorityProtocol,
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  ChainDigest,
  chainDigest,
  evidence as evidenceProtocol,
  finality as finalityProtocol,
  genesis as genesisProtocol,
  headers,
  height,
  mempoolIds,
  peers,
  recovery as recoveryProtocol,
  type ToldPeer,
  type TopicName,
  topic,
  transactions,
} from "../../../protocols/index.ts";
import { messageId } from "../../../src/network/gossip.ts";
import {
  CompactBlock,
  Evidence,
  FinalityProof,
  Recovery,
  rootOf,
  ShortId,
  SignedFinalityVote,
  Transaction,
  Transactions,
  zero32,
} from "../../../src/types/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { signRecord } from "../../unit/network/sign-record.ts";
import { encoded, genesisTime } from "../../unit/support/chain.ts";
import { signedAuthorityNode } from "./authority-node.ts";
import type { MadeChain } from "./chain.ts";
import { exchange } from "./exchange.ts";
import type { makeFinality } from "./finality.ts";
import { makeFrames } from "./frames.ts";
import type { makeRecoveries } from "./recovery.ts";
import { hex, typed } from "./text.ts";

type Finality = Awaited<ReturnType<typeof makeFinality>>;
type Recoveries = Awaited<ReturnType<typeof makeRecoveries>>;

const decoded = <T>(type: Type<T>, { encoded }: { encoded: string }) =>
  type.deserialize(fromHex(`0x${encoded}`));

/** Two peers, whose keys have the seeds 32 × 7 and 32 × 8. */
async function toldPeers(): Promise<ToldPeer[]> {
  const addresses = ["/ip4/127.0.0.1/tcp/63261", "/ip4/192.0.2.1/tcp/63261", "/ip6/2001:db8::1/tcp/63261"];
  const [one, two] = [await signRecord(7, addresses.slice(0, 2)), await signRecord(8, addresses)];
  return [
    { record: one.envelope, addresses: [1] },
    { record: two.envelope, addresses: [1, 2] },
  ];
}

/** Returns `wire.json`. */
export async function makeWire({ genesis, tips }: MadeChain, finality: Finality, recoveries: Recoveries) {
  const all = tips.at(-1)!.blocks;
  const ids = tips.map(({ id }) => id);
  const full = all.find(({ transactions }) => transactions.length > 1)!;
  const fullId = ids[full.header.message.height]!;
  const transactionIds = full.transactions.map((each) => rootOf(Transaction, each));
  const { justification, finalization } = decoded(FinalityProof, finality.proofs[0]!);
  const votes = finality.votes.slice(0, 2).map((each) => decoded(SignedFinalityVote, each));
  const evidence = decoded(Evidence, finality.evidence[0]!);
  const recovery = decoded(Recovery, recoveries.recoveries[0]!);
  const digest = chainDigest({ genesisId: genesis.id, recoveries: [], rules: 1 });
  const { node, authority, signature } = await signedAuthorityNode(genesis.id);
  const head = tips.at(-1)!;
  const status = {
    genesisId: genesis.id,
    digest,
    rules: 1,
    knownRules: 1,
    height: head.header.height,
    headId: head.id,
    totalDifficulty: head.totalDifficulty,
    justifiedRound: 2,
    finalizedHeight: 1,
    finalizedId: ids[1]!,
    timeMs: genesisTime + 60_000,
  };
  const none = { ...height.response.defaultValue(), knownRules: 1, timeMs: genesisTime + 60_001 };
  const encodedTransactions = (of: readonly Transaction[]) => Transactions.serialize([...of]);

  const exchanges = [
    exchange(
      "height: the statuses of a node with chain.json and of one without a genesis block",
      height,
      { timeMs: 1 },
      { chunks: [status], ack: none },
    ),
    exchange("height: the requester sends no acknowledgement", height, { timeMs: 1 }, { chunks: [none] }),
    exchange(
      "genesis: the block of chain.json",
      genesisProtocol,
      { id: genesis.id },
      { chunks: [genesis.block] },
    ),
    exchange(
      "genesis: a node without a genesis block",
      genesisProtocol,
      { id: zero32 },
      { error: ["resourceUnavailable", "no such genesis"] },
    ),
    exchange(
      "block-ids: three from the head on",
      blockIds,
      { height: 2 ** 53 - 1, count: 3 },
      { chunks: [{ height: head.header.height, ids: ids.slice(-3).reverse() }] },
    ),
    exchange(
      "headers: two",
      headers,
      { start: 1, count: 2 },
      { chunks: [all.slice(0, 2).map(({ header }) => header)] },
    ),
    exchange("headers: none above the head", headers, { start: 51, count: 512 }, { chunks: [[]] }),
    exchange(
      "headers: too many",
      headers,
      { start: 1, count: 513 },
      { error: ["invalidRequest", "count is 1 to 512"] },
    ),
    exchange("blocks: two chunks", blocks, { start: 1, count: 2 }, { chunks: all.slice(0, 2).map(encoded) }),
    exchange(
      "blocks-by-id: one of two is known",
      blocksById,
      { ids: [zero32, fullId] },
      { chunks: [encoded(full)] },
    ),
    exchange("blocks-by-id: an empty request", blocksById, { ids: [] }, {}),
    exchange(
      "transactions: in the requested order",
      transactions,
      { ids: transactionIds.toReversed() },
      { chunks: [full.transactions.toReversed()] },
    ),
    exchange(
      "block-transactions: in the requested order",
      blockTransactions,
      { block: fullId, indexes: [1, 0] },
      { chunks: [encodedTransactions(full.transactions.toReversed())] },
    ),
    exchange(
      "block-transactions: a position twice",
      blockTransactions,
      { block: fullId, indexes: [1, 1] },
      { error: ["invalidRequest", "a transaction is asked for twice"] },
    ),
    exchange("mempool-ids: two", mempoolIds, { limit: 2 }, { chunks: [transactionIds] }),
    exchange(
      "finality: two certificates and two votes",
      finalityProtocol,
      { justifiedRound: 0 },
      { chunks: [{ certificates: [justification, finalization], votes }] },
    ),
    exchange("evidence: one piece", evidenceProtocol, { limit: 1024 }, { chunks: [evidence] }),
    exchange("evidence: above the quota", evidenceProtocol, { limit: 1024 }, { error: ["rateLimited", ""] }),
    exchange(
      "recovery: the first one of recovery.json",
      recoveryProtocol,
      { known: zero32 },
      { chunks: [recovery] },
    ),
    exchange(
      "recovery: none",
      recoveryProtocol,
      { known: zero32 },
      { error: ["resourceUnavailable", "no recovery"] },
    ),
    exchange(
      "authority: the node of an authority",
      authorityProtocol,
      { nonce: node.nonce },
      { chunks: [{ authority, signature }] },
    ),
    exchange(
      "authority: another node",
      authorityProtocol,
      { nonce: node.nonce },
      { error: ["resourceUnavailable", "no authority's node"] },
    ),
    exchange("peers: two, one of them at two addresses", peers, { limit: 16 }, { chunks: await toldPeers() }),
    exchange("peers: none", peers, { limit: 1 }, {}),
    exchange("peers: too many", peers, { limit: 17 }, { error: ["invalidRequest", "limit is 1 to 16"] }),
  ];

  const gossiped = <T>(name: TopicName, type: Type<T>, value: T, about: string) => {
    const of = topic(name, genesis.id, digest);
    const { type: _, encoded: data, root } = typed(type, value, about);
    return { about, name, topic: of, data, root, messageId: hex(messageId(of, type.serialize(value))) };
  };
  const gossip = [
    gossiped("transactions", Transactions, full.transactions, "a batch of two"),
    gossiped(
      "blocks",
      CompactBlock,
      { header: full.header, shortIds: transactionIds.map((id) => id.slice(0, ShortId.lengthBytes)) },
      "a block with two transactions",
    ),
    gossiped("votes", SignedFinalityVote, votes[0]!, "a vote"),
    gossiped("evidence", Evidence, evidence, "two headers in one slot"),
  ];

  const [first, second] = recoveries.recoveries.map(({ root }) => fromHex(`0x${root}`));
  const digests = [
    ["no recovery, version 1", { genesisId: genesis.id, recoveries: [], rules: 1 }],
    ["version 2", { genesisId: genesis.id, recoveries: [], rules: 2 }],
    ["both recoveries of recovery.json", { genesisId: genesis.id, recoveries: [first!, second!], rules: 1 }],
  ] as const;
  return {
    genesisId: hex(genesis.id),
    frames: await makeFrames(),
    exchanges,
    gossip,
    digests: digests.map(([about, { recoveries, ...of }]) => {
      const value = { ...of, recoveries: [...recoveries] };
      return { ...typed(ChainDigest, value, about), digest: hex(chainDigest(value)) };
    }),
  };
}
