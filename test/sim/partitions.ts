import type { PeerId } from "../../src/network/types.ts";
import type { Random } from "./random.ts";

/** True if no message passes from one peer to the other. */
export type Cut = (from: PeerId, to: PeerId) => boolean;

export const noCut: Cut = () => false;

const partitionShapes = [
  "halves",
  "halves",
  "halves",
  "minority",
  "single",
  "ring",
  "star",
  "pairs",
  "oneWay",
  "three",
  "all",
] as const;
export type PartitionShape = (typeof partitionShapes)[number];

export function drawPartition(random: Random, peers: readonly PeerId[]): { shape: PartitionShape; cut: Cut } {
  const shape = random.pick(partitionShapes);
  return { shape, cut: partition(shape, random, peers) };
}

function partition(shape: PartitionShape, random: Random, peers: readonly PeerId[]): Cut {
  const order = random.shuffle(peers);
  const place = new Map(order.map((peer, index) => [peer, index]));
  const at = (peer: PeerId) => place.get(peer) ?? 0;
  const groups =
    (groupOf: (index: number) => number): Cut =>
    (from, to) =>
      groupOf(at(from)) !== groupOf(at(to));
  switch (shape) {
    case "halves":
      return groups((index) => index % 2);
    case "minority":
      return groups((index) => (index < Math.max(1, Math.floor(peers.length / 3)) ? 0 : 1));
    case "single":
      return groups((index) => (index === 0 ? 0 : 1));
    case "three":
      return groups((index) => index % 3);
    case "all":
      return () => true;
    case "ring":
      return (from, to) => ![1, peers.length - 1].includes(Math.abs(at(from) - at(to)));
    case "star":
      return (from, to) => at(from) !== 0 && at(to) !== 0;
    case "pairs":
    case "oneWay": {
      const cut = new Set<string>();
      for (const from of peers) for (const to of peers) if (random.chance(0.4)) cut.add(`${from} ${to}`);
      if (shape === "oneWay") return (from, to) => cut.has(`${from} ${to}`);
      return (from, to) => cut.has(from < to ? `${from} ${to}` : `${to} ${from}`);
    }
  }
}

/** Keeps just more than half of the authorities together with some of the other nodes. */
export function bareMajority(random: Random, authorities: readonly PeerId[], others: readonly PeerId[]): Cut {
  const together = new Set([
    ...random.shuffle(authorities).slice(0, Math.floor(authorities.length / 2) + 1),
    ...others.filter(() => random.chance(0.5)),
  ]);
  return (from, to) => together.has(from) !== together.has(to);
}

/** Shows each half another copy of the cloned authorities, and splits the honest ones as evenly as possible. */
export function clonePartition(honest: readonly PeerId[], copies: readonly PeerId[]): Cut {
  const second = new Set([...honest.filter((_, index) => index % 2 === 1), ...copies]);
  return (from, to) => second.has(from) !== second.has(to);
}
