import { toHex } from "../src/util/bytes.ts";

/** Gossip topics. Each message is the SSZ encoding named here. */
export const topicNames = {
  /** `Transactions`, a batch. */
  transactions: "transactions",
  /** `CompactBlock`. */
  blocks: "blocks",
  /** `SignedFinalityVote`. */
  votes: "votes",
  /** `Evidence`. */
  evidence: "evidence",
} as const;

export type TopicName = keyof typeof topicNames;

/**
 * The topic is scoped by the genesis id, so that two chains on one LAN never mix, and by the digest, so that the two
 * sides of a change do not.
 */
export function topic(name: TopicName, genesisId: Uint8Array, digest: Uint8Array): string {
  return `/ccoin/${toHex(genesisId).slice(2)}/${toHex(digest).slice(2)}/${topicNames[name]}/1`;
}

/** The largest gossip message. gossipsub silently loses messages above 4 MiB. */
export const maxGossipBytes = 2 * 2 ** 20;
/** Transactions in a gossiped batch: few enough to check within a few milliseconds per core. */
export const maxGossipTransactions = 512;
