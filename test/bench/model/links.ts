/** The links between the nodes of a model. Latencies in ms, one way; bandwidths in bytes a ms. */
export interface Links {
  latencyMs(from: number, to: number): number;
  /** Bandwidth of each node's own line. */
  up: number;
  down: number;
}

/** `data-centres`: machines in eight of them. `home`: lines of homes in eight regions. `even`: the same delay between all. */
export type LinksName = "data-centres" | "home";

const places = 8;
const megabit = 125;

export function evenLinks(delayMs: number): Links {
  return { latencyMs: () => delayMs, up: 10_000 * megabit, down: 10_000 * megabit };
}

/** `random`: numbers in [0, 1). */
export function createLinks(name: LinksName, nodes: number, random: () => number): Links {
  const between = (least: number, most: number) => least + random() * (most - least);
  // Between two places, in both directions the same: from one country to the other side of the world.
  const distances = Array.from({ length: places }, () =>
    Array.from({ length: places }, () => between(5, 80)),
  );
  const placeOf = Array.from({ length: nodes }, () => Math.floor(random() * places));
  const home = name === "home";
  // The last mile: the line itself and the router at its end.
  const accessMs = Array.from({ length: nodes }, () => (home ? between(4, 20) : 0.1));
  const distance = (a: number, b: number) => (a === b ? 0.2 : distances[Math.min(a, b)]![Math.max(a, b)]!);
  return {
    latencyMs: (from, to) => accessMs[from]! + accessMs[to]! + distance(placeOf[from]!, placeOf[to]!),
    up: (home ? 20 : 1_000) * megabit,
    down: (home ? 100 : 1_000) * megabit,
  };
}
