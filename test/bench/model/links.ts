/** The links between the nodes of a model. Latencies in ms, one way; bandwidths in bytes a ms. */
export interface Links {
  latencyMs(from: number, to: number): number;
  /** The bandwidth of each node's line. */
  up: number;
  down: number;
}

/** `data-centres`: machines in eight data centres. `home`: lines of homes in eight regions. */
export type LinksName = "data-centres" | "home";

const places = 8;
const megabit = 125;

export function evenLinks(delayMs: number): Links {
  return { latencyMs: () => delayMs, up: 10_000 * megabit, down: 10_000 * megabit };
}

/** Makes links; `random` returns numbers in [0, 1). */
export function createLinks(name: LinksName, nodes: number, random: () => number): Links {
  const between = (least: number, most: number) => least + random() * (most - least);
  // Distances are symmetric, from within a country to the other side of the world.
  const distances = Array.from({ length: places }, () =>
    Array.from({ length: places }, () => between(5, 80)),
  );
  const placeOf = Array.from({ length: nodes }, () => Math.floor(random() * places));
  const home = name === "home";
  // The last mile is the line and the router at its end.
  const accessMs = Array.from({ length: nodes }, () => (home ? between(4, 20) : 0.1));
  const distance = (a: number, b: number) => (a === b ? 0.2 : distances[Math.min(a, b)]![Math.max(a, b)]!);
  return {
    latencyMs: (from, to) => accessMs[from]! + accessMs[to]! + distance(placeOf[from]!, placeOf[to]!),
    up: (home ? 20 : 1_000) * megabit,
    down: (home ? 100 : 1_000) * megabit,
  };
}
