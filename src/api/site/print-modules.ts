/**
 * Prints the graph of a module, as JSON.
 * Usage: node print-modules.ts ENTRY
 */
import { moduleGraph } from "./modules.ts";

process.stdout.write(JSON.stringify(await moduleGraph(process.argv[2]!)));
