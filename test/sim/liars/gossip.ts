import {
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  evidence,
  finality,
  headers,
  mempoolIds,
  type TopicName,
  topicNames,
} from "../../../protocols/index.ts";
import {
  CompactBlock,
  computeDomain,
  Evidence,
  SignedFinalityVote,
  signingRoot,
  Transactions,
  Transfer,
} from "../../../src/types/index.ts";
import { accounts } from "../keys.ts";
import type { Liar } from "./liar.ts";

const topics = Object.keys(topicNames) as TopicName[];
/** Accounts without a balance in any scenario. */
const penniless = accounts.slice(37);

/** Gossips bytes that do not decode. */
export function sendsRandomBytes(liar: Liar): void {
  const { random } = liar;
  liar.every(500, () => {
    const victim = liar.victim();
    if (victim) liar.tell(victim, random.pick(topics), random.bytes(random.pick([0, 1, 192, 246, 500])));
  });
}

/** Forwards blocks with short ids of other transactions. The header is valid, but does not cover the short ids. */
export function sendsWrongShortIds(liar: Liar): void {
  const { random } = liar;
  liar.onGossip((topic, message) => {
    if (topic !== "blocks") return;
    const compact = CompactBlock.deserialize(message);
    const shortIds = Array.from({ length: random.int(0, 5) }, () => random.bytes(8));
    const lie = random.chance(0.5) ? shortIds : [...compact.shortIds, ...shortIds];
    const wrong = CompactBlock.serialize({ ...compact, shortIds: lie });
    for (const victim of liar.some()) liar.tell(victim, "blocks", wrong);
  });
}

/** Repeats old messages. */
export function replays(liar: Liar): void {
  const { random, knowledge } = liar;
  liar.every(200, () => {
    const victim = liar.victim();
    if (!victim || knowledge.heard.length === 0) return;
    const { topic, message } = random.pick(knowledge.heard);
    liar.tell(victim, topic, message);
  });
}

/** Forwards messages only to some peers, and late. */
export function relaysSelectively(liar: Liar): void {
  const { random } = liar;
  const lateMs = random.pick([0, 500, 4_000]);
  liar.onGossip((topic, message, from) => {
    for (const victim of liar.some()) {
      if (victim !== from)
        liar.clock.after(random.between(0, lateMs), () => liar.tell(victim, topic, message));
    }
  });
}

/** Forwards messages with another signature. */
export function breaksSignatures(liar: Liar): void {
  const { random } = liar;
  liar.onGossip((topic, message) => {
    const victim = liar.victim();
    if (!victim || !random.chance(0.3)) return;
    if (topic === "votes") {
      const vote = SignedFinalityVote.deserialize(message);
      liar.tell(victim, topic, SignedFinalityVote.serialize({ ...vote, signature: random.bytes(64) }));
    } else if (topic === "blocks") {
      const compact = CompactBlock.deserialize(message);
      const header = { ...compact.header, signature: random.bytes(64) };
      liar.tell(victim, topic, CompactBlock.serialize({ ...compact, header }));
    }
  });
}

/** Sends correctly signed transfers of accounts that do not exist. */
export function floodsTransfers(liar: Liar): void {
  const { random, knowledge } = liar;
  const domain = computeDomain("transaction", knowledge.genesis.id);
  liar.every(150, async () => {
    const victim = liar.victim();
    const sender = random.pick(penniless);
    const message: Transfer = {
      from: sender.publicKey,
      to: random.pick(accounts).publicKey,
      amount: BigInt(random.int(0, 1000)),
      fee: BigInt(random.int(0, 1000)),
      nonce: random.below(4),
      validUntil: 0,
      memo: random.bytes(random.below(20)),
    };
    const signature = await sender.sign(signingRoot(Transfer.hashTreeRoot(message), domain));
    if (victim) liar.tell(victim, "transactions", Transactions.serialize([{ message, signature }]));
  });
}

/** Requests as much as the quotas allow, including data that does not exist. */
export function asksForMuch(liar: Liar): void {
  const { random, knowledge } = liar;
  liar.every(100, () => {
    const victim = liar.victim();
    if (!victim) return;
    const top = knowledge.chain?.head.height ?? 0;
    const from = random.chance(0.2) ? top + random.int(1, 1000) : random.int(1, Math.max(1, top));
    const asks = [
      () => liar.ask(victim, headers, { start: from, count: 512 }),
      () => liar.ask(victim, blocks, { start: from, count: 128 }),
      () => liar.ask(victim, blockIds, { height: from, count: 100 }),
      () => liar.ask(victim, blocksById, { ids: Array.from({ length: 16 }, () => random.bytes(32)) }),
      () => liar.ask(victim, blockTransactions, { block: random.bytes(32), indexes: [0, 1, 2] }),
      () => liar.ask(victim, finality, { justifiedRound: random.int(0, 2 ** 40) }),
      () => liar.ask(victim, mempoolIds, { limit: 8192 }),
      () => liar.ask(victim, evidence, { limit: 1024 }),
      () => liar.ask(victim, blocks, { start: 0, count: 0 }),
    ];
    void random.pick(asks)();
  });
}

/** Sends evidence that proves nothing: the same message twice, or invalid signatures. */
export function accusesFalsely(liar: Liar): void {
  const { random, knowledge } = liar;
  liar.every(800, () => {
    const victim = liar.victim();
    const votes = knowledge.heard.filter(({ topic }) => topic === "votes");
    if (!victim || votes.length === 0) return;
    const first = SignedFinalityVote.deserialize(random.pick(votes).message);
    const { source, target } = first.message;
    const lies = [
      first,
      { ...first, message: { source, target: { ...target, block: random.bytes(32) } } },
      SignedFinalityVote.deserialize(random.pick(votes).message),
    ];
    liar.tell(
      victim,
      "evidence",
      Evidence.serialize({ headers: [], votes: [{ first, second: random.pick(lies) }] }),
    );
  });
}
