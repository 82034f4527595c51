import type { Status } from "../../src/client/index.ts";
import type { DevnetNode } from "./nodes.ts";

/** Resolves to the status, or to undefined if the node does not answer. */
export async function fetchStatus(url: string): Promise<Status | undefined> {
  try {
    const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? ((await response.json()) as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves to a line like `heights 12 12 12 12   finalized 11`. */
export async function heightsLine(nodes: readonly DevnetNode[]): Promise<string> {
  const statuses = await Promise.all(nodes.map((node) => fetchStatus(node.url)));
  const heights = statuses.map((status) => status?.head?.height ?? "-").join(" ");
  const finalized = Math.max(0, ...statuses.map((status) => status?.finalized?.height ?? 0));
  return `heights ${heights}   finalized ${finalized}`;
}
