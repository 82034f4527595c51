import type { CoinGiver } from "../api/index.ts";
import { type KnownRules, productRules } from "../chain/rules.ts";
import type { NodeOptions } from "../config/index.ts";
import { systemClock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import { freeBytes } from "./disk.ts";
import { keepRunning } from "./keep-running.ts";
import { Node } from "./node.ts";
import type { RunningNode } from "./running-node.ts";

/**
 * Starts a node, and restarts it after a full disk. `rules` are those that it knows; `coins` gives those of a
 * development chain. @throws {CodedError} after closing what was opened.
 */
export function runNode(
  options: NodeOptions,
  logger: Logger,
  rules: KnownRules = productRules,
  coins?: CoinGiver,
): Promise<RunningNode> {
  return keepRunning(options, {
    start: (given) => startNode(given, logger, rules, coins),
    freeBytes: () => freeBytes(options.dataDir.folder),
    clock: systemClock,
    logger,
  });
}

async function startNode(
  options: NodeOptions,
  logger: Logger,
  rules: KnownRules,
  coins: CoinGiver | undefined,
): Promise<RunningNode> {
  const node = new Node(options, logger, rules, coins);
  try {
    await node.start();
  } catch (error) {
    await node.end();
    throw error;
  }
  return node;
}
