import { expect, test } from "vitest";
import { untimed } from "../../../src/chain/assemble.ts";
import { productRules } from "../../../src/chain/rules.ts";
import { startChainServices } from "../../../src/node/chain-services.ts";
import { Closers } from "../../../src/node/closers.ts";
import { ModeMachine } from "../../../src/node/mode.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { line } from "../../own-line.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { authorities, testChain } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { verifyHere } from "../support/sync-node.ts";

test("a node that was killed after justifying a branch and before following it follows it at its start without losing a transaction", async () => {
  const node = await testChain();
  const { maker, genesis, stores, database, clock } = node;
  const transaction = await maker.transfer({});
  const retracted = await maker.block(maker.start(), { transactions: [transaction] });
  // The worse branch is by the one out of turn of the two that may sign.
  const inTurn = retracted.header.proposer;
  const other = authorities.slice(0, 3).find(({ publicKey }) => publicKey.toString() !== inTurn.toString())!;
  const justified = await maker.block(maker.start(), { by: other });
  await node.addAll(retracted);
  await node.addAll(justified);
  expect(node.chain.head.idHex).toBe(retracted.idHex);
  const { finalized } = node.chain.finality;
  const checkpoint = { round: 1, height: 1, block: justified.id };
  await database.commit([stores.finality.setStatus({ justified: checkpoint, finalized })]);

  const network = new FakeNetwork(clock).node("a");
  const closers = new Closers(silentLogger);
  const { chain, mempool } = await startChainServices({
    genesis,
    database,
    eventLog: await EventLog.open({ database, logger: silentLogger }),
    network,
    statuses: new PeerStatuses({
      network,
      clock,
      logger: silentLogger,
      recoveries: () => line.recoveries,
      status: () => expect.fail(),
    }),
    line,
    rules: productRules,
    verify: verifyHere,
    clock,
    pause: systemPause,
    startTimer: untimed,
    logger: silentLogger,
    peerLog: silentLogger,
    modes: new ModeMachine("boot", silentLogger),
    account: undefined,
    alone: false,
    hashSeed: new Uint8Array(8),
    closers,
  });
  expect(chain.head.idHex).toBe(justified.idHex);
  expect(mempool.get(transactionRecord(transaction, maker.domain).idHex)).toBeDefined();
  await closers.close();
});
