/**
 * Which of two payments with the same coins is final on all nodes and which no chain holds, by the statuses of each on
 * each node; undefined as long as that is open.
 */
export function decided(
  statuses: readonly (readonly string[])[],
): { kept: number; lost: number } | undefined {
  const kept = statuses.findIndex((each) => each.every((status) => status === "finalized"));
  const lost = statuses.findIndex((each) => each.every((status) => status === "unknown"));
  return kept < 0 || lost < 0 ? undefined : { kept, lost };
}
