import { expect, onTestFinished, test } from "vitest";
import { certificateOf } from "../../../src/consensus/index.ts";
import { ConflictingFinality } from "../../../src/sync/conflicting-finality.ts";
import type { PeerStatus, PeerStatusEvents } from "../../../src/sync/peer-statuses.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, BlockMaker, testChain, testGenesis } from "../support/chain.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

test("a peer for whom another block is final is named, until it has the same or goes", async () => {
  const genesis = await testGenesis(4);
  const maker = new BlockMaker(genesis);
  const one = await maker.block(maker.start());
  const two = await maker.block(one);
  const other = await maker.block(maker.start(), { by: authorities[3]! });
  const { chain, addAll } = await testChain({ genesis });
  await addAll(two);
  const peers = new Map<string, PeerStatus>();
  const events = new Emitter<PeerStatusEvents>();
  const statuses = { events, all: () => [...peers.values()], get: (peer: string) => peers.get(peer) };
  const logged: object[] = [];
  const logger = { ...silentLogger, error: (fields: object) => logged.push(fields) };
  const conflicts = new ConflictingFinality({ chain, statuses, logger: logger as typeof silentLogger });
  onTestFinished(() => conflicts.stop());
  const tell = async (peer: string, { header, id }: Pick<typeof one, "header" | "id">) => {
    const status = { finalizedHeight: header.height, finalizedId: id } as PeerStatus["status"];
    const told = { peer, status, receivedAtMs: 0, clockOffsetMs: 0, roundTripMs: 0 };
    peers.set(peer, told);
    events.emit("status", told);
    await settled();
  };
  const finalize = async (
    round: number,
    target: typeof one,
    source = { round: 0, height: 0, block: genesis.id },
  ) => {
    const voters = authorities.slice(0, 3);
    const votes = await Promise.all(
      voters.map((voter) => signedVote(voter, genesis, source, checkpoint(round, target))),
    );
    await chain.justify(certificateOf(votes[0]!.message, votes));
  };

  await tell("apart", other);
  await tell("with us", one);
  // Not final here yet.
  expect(conflicts.list()).toEqual([]);
  await finalize(1, one);
  await finalize(2, two, checkpoint(1, one));
  await settled();
  const found = { peer: "apart", height: 1, own: toHex(one.id), theirs: toHex(other.id) };
  expect(conflicts.list()).toEqual([found]);
  await tell("apart", other);
  expect(logged).toEqual([found]);
  await tell("ahead", { ...other, header: { ...other.header, height: 9 } });
  expect(conflicts.list()).toEqual([found]);
  peers.delete("apart");
  expect(conflicts.list()).toEqual([]);
  await tell("apart", other);
  await tell("apart", one);
  expect(conflicts.list()).toEqual([]);
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
