import { parentPort, workerData } from "node:worker_threads";
import { moduleGraph } from "./modules.ts";

/** Answers with the graph of the module that `workerData` names. */
parentPort?.postMessage(await moduleGraph(workerData as string));
