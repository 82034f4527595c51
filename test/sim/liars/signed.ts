import { blockIds, headers } from "../../../protocols/index.ts";
import type { FinalityVote } from "../../../src/types/index.ts";
import type { ForgedBlock } from "./knowledge.ts";
import type { Liar } from "./liar.ts";
import { announce, answersForForged, signVote } from "./signing.ts";

/** Lies that need the keys of fewer than a third of the authorities. */

/** Resolves to the vote that an honest authority would cast now; undefined if there is none. */
function rightLink({ knowledge }: Liar): FinalityVote | undefined {
  const { chain } = knowledge;
  if (!chain || chain.head.height <= chain.finality.justified.height) return undefined;
  const { head } = chain;
  const { justified } = chain.finality;
  return { source: justified, target: { round: justified.round + 1, height: head.height, block: head.id } };
}

/** Votes for a new block that does not exist each time. */
export function votesForUnknownBlocks(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  liar.every(random.pick([30, 200]), async () => {
    const link = rightLink(liar);
    const victim = liar.victim();
    if (!link || !victim) return;
    const target = { ...link.target, round: link.target.round + random.below(8), block: random.bytes(32) };
    liar.tell(victim, "votes", await signVote(liar, signer, { ...link, target }));
  });
}

/** Votes for two blocks in a round, and sends each vote to a part of the peers. */
export function equivocatesInVotes(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  liar.every(600, async () => {
    const { chain } = knowledge;
    const link = rightLink(liar);
    if (!chain || !link) return;
    const other = await chain.tree.get(chain.head.header.message.parent);
    if (!other || other.height <= link.source.height) return;
    const twin = { ...link, target: { ...link.target, height: other.height, block: other.id } };
    const first = new Set(liar.some());
    for (const victim of liar.victims())
      liar.tell(victim, "votes", await signVote(liar, signer, first.has(victim) ? link : twin));
  });
}

/** Casts votes that contradict their blocks, which only nodes with the blocks can notice. */
export function votesAgainstTheBlocks(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  liar.every(700, async () => {
    const link = rightLink(liar);
    if (!link) return;
    const { source, target } = link;
    const lies: FinalityVote[] = [
      { source, target: { ...target, height: target.height + random.int(1, 3) } },
      { source: { ...source, block: random.bytes(32) }, target },
      { source: { round: 0, height: 0, block: random.bytes(32) }, target },
      { source: { ...source, round: source.round + 3 }, target: { ...target, round: target.round + 5 } },
    ];
    const vote = await signVote(liar, signer, random.pick(lies));
    for (const victim of liar.some()) liar.tell(victim, "votes", vote);
  });
}

/** Votes again in rounds that were settled long ago. */
export function votesInOldRounds(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  liar.every(900, async () => {
    const link = rightLink(liar);
    const victim = liar.victim();
    if (!link || !victim || link.source.round < 3) return;
    const round = random.int(Math.max(1, link.source.round - 20), link.source.round);
    const source = { round: 0, height: 0, block: knowledge.genesis.id };
    for (let twin = 0; twin < 2; twin++) {
      const target = { round, height: random.int(1, 9), block: random.bytes(32) };
      liar.tell(victim, "votes", await signVote(liar, signer, { source, target }));
    }
  });
}

/** Signs two blocks for its slot, and sends each to a part of the peers. */
export function equivocatesInHeaders(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  const valid = random.chance(0.5);
  const twins = random.pick([2, 2, 6]);
  answersForForged(liar);
  liar.every(knowledge.genesis.config.parameters.periodMs, async () => {
    const { chain } = knowledge;
    const first = chain && (await knowledge.forge(signer, chain.head, { valid }));
    if (!first) return;
    const all = [first];
    for (let twin = 1; twin < twins; twin++) all.push(await knowledge.twin(signer, first, twin));
    for (const victim of liar.victims()) announce(liar, victim, random.pick(all));
  });
}

/** Announces its own block with a valid header, and withholds the body. */
export function withholdsItsBlocks(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  let lie: ForgedBlock | undefined;
  const gossips = random.chance(0.5);
  liar.every(Math.max(100, knowledge.genesis.config.parameters.periodMs / 4), async () => {
    const { chain } = knowledge;
    if (!chain || lie?.height === chain.head.height + 1) return;
    lie = await knowledge.forge(signer, chain.head);
    if (lie && gossips) for (const victim of liar.some()) announce(liar, victim, lie);
  });
  const isTop = (truthHeight: number) => lie !== undefined && lie.height > truthHeight;
  liar.claim((truth) =>
    lie && isTop(truth.height)
      ? { ...truth, height: lie.height, headId: lie.id, totalDifficulty: lie.totalDifficulty }
      : truth,
  );
  liar.answer(
    blockIds,
    (before) =>
      async function* (request, context) {
        for await (const page of before(request, context)) {
          if (!lie || request.height < lie.height || page.height !== lie.height - 1) yield page;
          else yield { height: lie.height, ids: [lie.id, ...page.ids].slice(0, request.count) };
        }
      },
  );
  liar.answer(
    headers,
    (before) =>
      async function* (request, context) {
        for await (const page of before(request, context)) {
          const next = request.start + page.length;
          yield lie && next === lie.height ? [...page, lie.header] : page;
        }
      },
  );
}

/** Signs blocks with timestamps in the future. */
export function signsEarlyBlocks(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  const delayMs = random.pick([20, 300, 3_000, 40_000]);
  const valid = random.chance(0.7);
  answersForForged(liar);
  liar.every(knowledge.genesis.config.parameters.periodMs, async () => {
    const { chain } = knowledge;
    const early = chain && (await knowledge.forge(signer, chain.head, { valid, delayMs }));
    if (early) for (const victim of liar.some()) announce(liar, victim, early);
  });
}

/** Signs any number of blocks on old blocks. */
export function signsSideBranches(liar: Liar): void {
  const { random, knowledge } = liar;
  const signer = random.pick(knowledge.keys);
  answersForForged(liar);
  liar.every(250, async () => {
    const { chain } = knowledge;
    if (!chain) return;
    const least = Math.max(0, chain.finalized.height - 1);
    const id = await chain.reader.canonicalId(random.int(least, chain.head.height));
    const parent = id && (await chain.tree.get(id));
    const side = parent && (await knowledge.forge(signer, parent));
    if (side) for (const victim of liar.some()) announce(liar, victim, side);
  });
}
