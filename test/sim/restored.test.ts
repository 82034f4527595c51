import { expect, test } from "vitest";
import { voteOffence } from "../../src/consensus/index.ts";
import { SignedFinalityVote } from "../../src/types/index.ts";
import { equalBytes } from "../../src/util/bytes.ts";
import { runUntil } from "./loop.ts";
import type { SimNode } from "./node.ts";
import { smallNetwork } from "./small-network.ts";

/** Starts the authorities, four by default, and records every offence among their votes. */
async function watched(options: { authorities?: number; count?: number; alone?: boolean } = {}) {
  const votes: SignedFinalityVote[] = [];
  const offences: string[] = [];
  const parts = await smallNetwork({
    ...options,
    events: {
      onPublish: ({ name }, topic, message) => {
        if (topic !== "votes") return;
        const vote = SignedFinalityVote.deserialize(message);
        for (const other of votes) {
          if (!equalBytes(other.voter, vote.voter) || equalBytes(other.signature, vote.signature)) continue;
          const offence = voteOffence(other.message, vote.message);
          if (offence) offences.push(`${name}: ${offence}`);
        }
        votes.push(vote);
      },
    },
  });
  for (const node of parts.nodes) parts.timeline.after(0, () => void node.start());
  const votesOf = (index: number) =>
    votes.filter(({ voter }) => equalBytes(voter, parts.nodes[index]!.options.signer!.publicKey)).length;
  return { ...parts, offences, votesOf };
}

test("an authority with old data votes only once it hears more than one that was down since its backup", async () => {
  const { nodes, timeline, network, offences, votesOf } = await watched();
  const [restored, stale] = [nodes[0]!, nodes[1]!];
  await runUntil(timeline, 10_000, () => false);
  restored.backUp();
  stale.crash();
  await runUntil(timeline, 25_000, () => false);
  restored.crash();
  restored.restoreBackup();
  const isOld = (name: string) => [restored.name, stale.name].includes(name);
  network.partition((a, b) => isOld(a) !== isOld(b));
  await runUntil(timeline, 27_000, () => false);
  for (const node of [restored, stale]) void node.start();
  const before = votesOf(0);
  await runUntil(timeline, 120_000, () => false);
  expect(votesOf(0)).toBe(before);
  network.partition(() => false);
  await runUntil(timeline, 150_000, () => false);
  expect(votesOf(0)).toBeGreaterThan(before + 5);
  expect(offences).toEqual([]);
  for (const { services } of nodes) {
    expect(services!.evidence.list()).toEqual([]);
    const { head, finalized } = services!.chain;
    expect(head.height - finalized.height).toBeLessThan(4);
  }
}, 120_000);

test("authorities that all start with old data at once finalize blocks again", async () => {
  const { nodes, timeline, offences } = await watched();
  await runUntil(timeline, 10_000, () => false);
  for (const node of nodes) node.backUp();
  for (const node of nodes) {
    node.crash();
    node.restoreBackup();
  }
  for (const node of nodes) timeline.after(0, () => void node.start());
  await runUntil(timeline, 90_000, () => false);
  expect(offences).toEqual([]);
  for (const { services } of nodes) {
    const { head, finalized } = services!.chain;
    expect(head.height).toBeGreaterThan(60);
    expect(head.height - finalized.height).toBeLessThan(4);
  }
}, 120_000);

test("a sole authority with old data finalizes nothing before another node has told what it knows", async () => {
  const { nodes, timeline, offences } = await watched({ authorities: 1, count: 2 });
  const [sole, follower] = nodes as [SimNode, SimNode];
  await runUntil(timeline, 10_000, () => false);
  sole.backUp();
  const early = sole.services!.chain.finalized.height;
  await runUntil(timeline, 30_000, () => false);
  const later = follower.services!.chain.finalized;
  sole.crash();
  follower.crash();
  sole.restoreBackup();
  void sole.start();
  await runUntil(timeline, 90_000, () => false);
  expect(sole.services!.chain.finalized.height).toBeLessThanOrEqual(early + 1);
  void follower.start();
  await runUntil(timeline, 180_000, () => false);
  expect(offences).toEqual([]);
  for (const { services } of nodes) {
    const { finalized, head, reader } = services!.chain;
    expect(await reader.canonicalId(later.height)).toEqual(later.id);
    expect(finalized.height).toBeGreaterThan(later.height + 30);
    expect(head.height - finalized.height).toBeLessThan(4);
  }
}, 120_000);

test("a sole authority with old data that can meet no other node goes on by itself", async () => {
  const { nodes, timeline } = await watched({ authorities: 1, alone: true });
  const [sole] = nodes as [SimNode];
  await runUntil(timeline, 10_000, () => false);
  sole.backUp();
  await runUntil(timeline, 30_000, () => false);
  sole.crash();
  sole.restoreBackup();
  void sole.start();
  await runUntil(timeline, 60_000, () => false);
  const { head, finalized } = sole.services!.chain;
  expect(finalized.height).toBeGreaterThan(25);
  expect(head.height - finalized.height).toBeLessThan(4);
}, 120_000);
