import { expect, onTestFinished, test } from "vitest";
import { KnowledgeOfRules } from "../../../src/node/knowledge-of-rules.ts";
import { type Mode, ModeMachine } from "../../../src/node/mode.ts";
import { parameterVote } from "../../../src/types/index.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { laterRules } from "../../rules-2.ts";
import { BlockMaker, testChain, testGenesis } from "../support/chain.ts";

test("a node leaves mode ready while its head enacts rules that it does not know, logs this once, and keeps serving", async () => {
  const genesis = await testGenesis(1);
  const node = await testChain({ genesis });
  const maker = new BlockMaker(genesis, laterRules);
  const modes = new ModeMachine("boot", silentLogger);
  const seen: Mode[] = [];
  modes.events.on("mode", (mode) => seen.push(mode));
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_, message) => void errors.push(message) };
  const knowledge = new KnowledgeOfRules({ chain: node.chain, modes, logger });
  onTestFinished(() => knowledge.stop());

  knowledge.inStep();
  const first = await maker.block(maker.start());
  const enacting = await maker.block(first, { edit: { vote: parameterVote("rules", 2) } });
  await node.addAll(enacting);
  expect(seen).toEqual(["ready", "boot"]);
  // Claims of peers do not change that.
  knowledge.behind();
  knowledge.inStep();
  expect(modes.mode).toBe("boot");
  expect(errors).toEqual([expect.stringMatching(/^STOPPED AT BLOCK 2: .*install a release .* version 2 /)]);

  const other = await maker.extend(await maker.block(first, { laterMs: 1 }), 1);
  await node.addAll(other);
  expect(modes.mode).toBe("ready");
  modes.enter("dead");
  await node.add((await maker.block(other)).blocks.at(-1)!);
  expect(errors).toHaveLength(1);
});
