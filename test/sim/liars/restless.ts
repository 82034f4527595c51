import { CompactBlock } from "../../../src/types/index.ts";
import { signHeader } from "../../sign-header.ts";
import type { Liar } from "./liar.ts";
import { announce, answersForForged, signVote } from "./signing.ts";

/** Lies with an authority's key that never end by themselves. */

/** Makes a block without transactions whenever it may, though nothing asks for one, and often two of them. */
export function makesBlocksWithoutReason(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  answersForForged(liar);
  liar.every(knowledge.genesis.config.parameters.periodMs, async () => {
    const { chain } = knowledge;
    const block = chain && (await knowledge.forge(signer, chain.head, { valid: true }));
    if (!block) return;
    const all = random.chance(0.5) ? [block] : [block, await knowledge.twin(signer, block)];
    for (const one of all) for (const victim of liar.victims()) announce(liar, victim, one);
  });
}

/** Votes from one source in ever higher rounds, and now and then in a round that all of these surround. */
export function surroundsItsVotes(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  const source = (round: number) => ({ round, height: 0, block: knowledge.genesis.id });
  let round = 1_000;
  liar.every(20, async () => {
    const victim = liar.victim();
    if (!victim) return;
    const isInner = random.chance(0.1);
    const target = { round: isInner ? random.int(2, 999) : ++round, height: 1, block: random.bytes(32) };
    liar.tell(victim, "votes", await signVote(liar, signer, { source: source(isInner ? 1 : 0), target }));
  });
}

/** Signs headers on blocks that nobody has, each later and higher than the last, with many short ids. */
export function signsOnNothing(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  let later = 0;
  liar.every(100, async () => {
    const { chain } = knowledge;
    const victim = liar.victim();
    if (!chain || !victim) return;
    later++;
    const message = {
      ...chain.head.header.message,
      height: chain.head.height + later,
      parent: random.bytes(32),
      timestamp: knowledge.nowMs + later * knowledge.genesis.config.slotMs,
      proposer: signer.publicKey,
      transactionsRoot: random.bytes(32),
    };
    const header = await signHeader(signer, message, knowledge.genesis.id);
    const shortIds = Array.from({ length: random.pick([0, 3, 3_000]) }, () => random.bytes(8));
    liar.tell(victim, "blocks", CompactBlock.serialize({ header, shortIds }));
  });
}
