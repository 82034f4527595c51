import { type ChainStatus, height } from "../../../protocols/index.ts";
import type { Liar } from "./liar.ts";

/** Claims a much longer chain that is justified far ahead and that no other peer knows. */
export function claimsFarAhead(liar: Liar): void {
  const { random } = liar;
  const headId = random.bytes(32);
  const blocks = random.pick([1, 4, 100, 2 ** 40]);
  const rounds = random.pick([0, 3, 2 ** 40]);
  liar.claim((truth) => ({
    ...truth,
    headId,
    height: truth.height + blocks,
    totalDifficulty: truth.totalDifficulty + random.pick([1, 2 * blocks]),
    justifiedRound: truth.justifiedRound + rounds,
  }));
}

/** Claims another status each time, even one that contradicts itself. */
export function contradictsItself(liar: Liar): void {
  const { random } = liar;
  liar.claim((truth) => {
    const lies: Partial<ChainStatus>[] = [
      { finalizedHeight: truth.height + random.int(1, 1000) },
      { finalizedHeight: 2 ** 52, height: 2 ** 52 },
      { headId: random.bytes(32) },
      { headId: random.bytes(32), totalDifficulty: truth.totalDifficulty + random.int(1, 50) },
      { justifiedRound: truth.justifiedRound + random.int(1, 1000) },
      { height: 0, totalDifficulty: 0, headId: truth.genesisId },
      { totalDifficulty: 2 ** 53 - 1 },
      { digest: random.bytes(4) },
      { rules: truth.rules + random.int(1, 3), digest: random.bytes(4) },
      { timeMs: truth.timeMs + random.pick([-86_400_000, 86_400_000]) },
    ];
    return { ...truth, ...random.pick(lies), ...(random.chance(0.5) && random.pick(lies)) };
  });
}

/** Claims that another block is final. */
export function claimsOtherFinality(liar: Liar): void {
  const finalizedId = liar.random.bytes(32);
  liar.claim((truth) => ({ ...truth, finalizedId }));
}

/** Claims now and then to follow another chain. */
export function changesItsChain(liar: Liar): void {
  const genesisId = liar.random.bytes(32);
  liar.claim((truth) => (liar.random.chance(0.05) ? { ...truth, genesisId } : truth));
}

/** Sends its status as often as the quota allows, in requests and acknowledgements. */
export function pushesItsStatus(liar: Liar): void {
  liar.every(300, async () => {
    const victim = liar.victim();
    const status = await liar.status();
    if (victim && status) await liar.ask(victim, height, { timeMs: status.timeMs }, () => status);
  });
}
