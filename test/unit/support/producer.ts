import { Producer, type ProducerOptions } from "../../../src/chain/producer.ts";
import { noVote } from "../../../src/types/index.ts";
import { silentLogger } from "../../../src/util/logger.ts";

/** Returns a producer of a node without transactions and proposals; `options` replace what a test has. */
export function testProducer(
  options: Pick<ProducerOptions, "chain" | "signer" | "clock"> & Partial<ProducerOptions>,
): Producer {
  return new Producer({
    logger: silentLogger,
    transactions: { executable: () => [], hasExecutable: false },
    proposals: { voteFor: () => noVote, wantsBlock: () => false },
    coming: () => [],
    ageMs: () => 0,
    ...options,
  });
}
