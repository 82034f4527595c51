import { execFileSync } from "node:child_process";

/**
 * Returns the bytes that processes have sent on their open TCP connections (`ss -tinpH`), without those of some local
 * ports.
 */
export function bytesSentBy(pids: readonly number[], without: readonly number[]): number {
  const text = execFileSync("ss", ["-tinpH"], { encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  return parseBytesSent(text, pids, without);
}

/** Parses two lines for each connection: one with its addresses and process, and one with its counters. */
export function parseBytesSent(text: string, pids: readonly number[], without: readonly number[]): number {
  const ports = new Set(without);
  const processes = new Set(pids);
  const lines = text.split("\n");
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    const connection = /^\S+\s+\d+\s+\d+\s+\S+:(\d+)\s+\S+:\d+\s.*pid=(\d+)/.exec(line);
    if (!connection) continue;
    const [, port, pid] = connection.map(Number);
    if (ports.has(port!) || !processes.has(pid!)) continue;
    bytes += Number(/\bbytes_sent:(\d+)/.exec(lines[index + 1] ?? "")?.[1] ?? 0);
  }
  return bytes;
}
