/** The default of the gossipsub library. */
export const meshDegree = 6;
/** Number of peers that a node connects to; it knows only the peers that were named to it. */
const connectionsWanted = 32;

/** The connections between nodes, and those of them that the gossip mesh uses. */
export interface Topology {
  connections: readonly (readonly number[])[];
  mesh: readonly (readonly number[])[];
}

/** Makes a connected graph in which each node has chosen half of its connections, and half of its mesh among them. */
export function createTopology(nodes: number, random: () => number): Topology {
  const connections = chooseHalf(nodes, connectionsWanted, () => everyone(nodes), random);
  const mesh = chooseHalf(nodes, meshDegree, (node) => connections[node]!, random);
  return { connections, mesh };
}

function everyone(nodes: number): number[] {
  return Array.from({ length: nodes }, (_, node) => node);
}

/**
 * Lets each node choose `degree / 2` others among its candidates, and the next one in a ring, so that no node is left
 * out.
 */
function chooseHalf(
  nodes: number,
  degree: number,
  candidatesOf: (node: number) => readonly number[],
  random: () => number,
): number[][] {
  const links = Array.from({ length: nodes }, () => new Set<number>());
  const link = (a: number, b: number) => {
    links[a]!.add(b);
    links[b]!.add(a);
  };
  for (let node = 0; node < nodes; node++) {
    const candidates = candidatesOf(node).filter((other) => other !== node);
    const next = (node + 1) % nodes;
    if (next !== node && candidates.includes(next)) link(node, next);
    for (let chosen = 1; chosen < degree / 2; chosen++) {
      link(node, candidates[Math.floor(random() * candidates.length)]!);
    }
  }
  return links.map((others) => [...others]);
}
