/**
 * Opens the chain in a folder and prints the cost as JSON. It is a separate process, so that nothing else is in its
 * memory.
 * Usage: node open-chain.ts FOLDER
 */
import { heldBytes } from "../lib/memory.ts";
import { Peer } from "../lib/peer.ts";
import type { Opened } from "./opened.ts";

const before = process.cpuUsage();
const peer = await Peer.reopen(process.argv[2]!);
const { user, system } = process.cpuUsage(before);
const opened: Opened = { cpuMs: (user + system) / 1_000, bytes: heldBytes() };
await peer.close();
console.log(JSON.stringify(opened));
