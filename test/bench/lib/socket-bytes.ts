import { execFileSync } from "node:child_process";

/** Bytes that processes have sent on their open TCP connections (`ss -tinpH`), but for those of the local ports left out. */
export function bytesSentBy(pids: readonly number[], without: readonly number[]): number {
  const text = execFileSync("ss", ["-tinpH"], { encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  return parseBytesSent(text, pids, without);
}

/** A line with the addresses and the process of each connection, then one with its counters. */
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
