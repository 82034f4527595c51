import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Mempool } from "../../../src/mempool/mempool.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { authorities, testChain } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { sources } from "./sources.ts";

const docs = new URL("../../../docs/", import.meta.url);

/** Resolves to the metrics' lines without comments and buckets. */
async function lines(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) => /^ccoin/.test(line) && !/_bucket/.test(line));
}

test("reports the state of the node", async () => {
  const metrics = new Metrics();
  metrics.follow(sources);
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      `ccoin_build_info{version="1.2.3"} 1`,
      `ccoin_mode{mode="boot"} 0`,
      `ccoin_mode{mode="ready"} 1`,
      `ccoin_state{state="halted"} 1`,
      `ccoin_finding{code="NO_PEERS"} 1`,
      "ccoin_head_height 7",
      "ccoin_head_timestamp_seconds 1700000000.5",
      "ccoin_finalized_height 5",
      "ccoin_sync_target_height 7",
      `ccoin_peers{direction="outbound"} 2`,
      "ccoin_peers_best_height 9",
      "ccoin_mempool_bytes 400",
      "ccoin_database_size_bytes 1024",
    ]),
  );
  expect(metrics.contentType).toContain("text/plain");
  expect(await metrics.text()).toMatch(/^nodejs_heap_size_used_bytes \d+$/m);
});

test("forgets what the diagnosis no longer finds", async () => {
  const metrics = new Metrics();
  let findings = ["NO_PEERS", "OWN_CLOCK"];
  metrics.follow({ ...sources, findings: () => findings });
  await metrics.text();
  findings = ["OWN_CLOCK"];
  const found = (await lines(metrics)).filter((line) => line.startsWith("ccoin_finding"));
  expect(found).toEqual(['ccoin_finding{code="OWN_CLOCK"} 1']);
});

test("reports blocks, missed turns and delays while in step", async () => {
  const metrics = new Metrics();
  let inStep = false;
  const { chain, maker, addAll, add, clock } = await testChain({
    chain: { startTimer: metrics.chain.startTimer },
  });
  const mempool = { events: { on: () => () => undefined } } as unknown as Mempool;
  metrics.chain.follow(chain, mempool, { clock, inStep: () => inStep });
  const first = await maker.block(maker.start(), { transactions: [await maker.transfer({})] });
  await addAll(first);
  expect((await lines(metrics)).filter((line) => /delay.*count|missed/.test(line))).toEqual([
    "ccoin_block_delay_seconds_count 0",
    "ccoin_finality_delay_seconds_count 0",
  ]);

  inStep = true;
  // This one is out of turn of the two that may sign.
  const inTurn = (await maker.block(first, {})).header.proposer.toString();
  const last = first.header.proposer.toString();
  const other = authorities
    .slice(0, 3)
    .find(({ publicKey }) => ![inTurn, last].includes(publicKey.toString()))!;
  const missed = authorities.find(({ publicKey }) => publicKey.toString() === inTurn)!;
  const second = await maker.block(first, { by: other });
  await add(second.blocks.at(-1)!);
  await expect
    .poll(() => lines(metrics))
    .toContain(`ccoin_missed_turns_total{authority="${missed.address}"} 1`);
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      "ccoin_blocks_applied_total 2",
      "ccoin_transactions_applied_total 1",
      "ccoin_blocks_retracted_total 0",
      "ccoin_block_delay_seconds_count 1",
      ...["check", "execute", "hash", "commit", "total"].map(
        (stage) => `ccoin_block_stage_seconds_count{operation="import",stage="${stage}"} 2`,
      ),
    ]),
  );

  // The authority in turn next has made the last block and may not sign. The next one does, so nobody misses a turn.
  const next = authorities.find(({ publicKey }) => publicKey.toString() === last)!;
  const third = await maker.block(second, { by: next });
  const fourth = await maker.block(third, { by: missed });
  expect([third, fourth].map(({ header }) => header.difficulty)).toEqual([1, 1]);
  for (const { blocks } of [third, fourth]) await add(blocks.at(-1)!);
  await expect.poll(() => lines(metrics)).toContain("ccoin_block_delay_seconds_count 3");
  expect((await lines(metrics)).filter((line) => line.startsWith("ccoin_missed"))).toEqual([
    `ccoin_missed_turns_total{authority="${missed.address}"} 1`,
  ]);
});

test("reports gossip and requests", async () => {
  const metrics = new Metrics();
  metrics.network.received("votes", 100)("accept");
  metrics.network.received("votes", 50)("reject");
  metrics.network.published("blocks", 7);
  metrics.network.request("outbound", "/ccoin/height/1")("success");
  metrics.network.request("inbound", "/ccoin/height/1")("rateLimited");
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      `ccoin_gossip_messages_total{topic="votes",result="accept"} 1`,
      `ccoin_gossip_messages_total{topic="votes",result="reject"} 1`,
      `ccoin_gossip_received_bytes_total{topic="votes"} 150`,
      `ccoin_gossip_validation_seconds_count{topic="votes"} 2`,
      `ccoin_gossip_published_bytes_total{topic="blocks"} 7`,
      `ccoin_requests_total{protocol="/ccoin/height/1",direction="inbound",result="rateLimited"} 1`,
      `ccoin_request_seconds_count{protocol="/ccoin/height/1",direction="outbound"} 1`,
    ]),
  );
});

test("reports signature checks and database writes", async () => {
  const metrics = new Metrics();
  const answer = Promise.withResolvers<boolean[]>();
  const sets = Array.from({ length: 3 }, () => ({}) as never);
  const verdicts = metrics.work.verify(() => answer.promise)(sets);
  expect(await lines(metrics)).toContain("ccoin_verify_queue_signatures 3");
  answer.resolve([true, false, true]);
  expect(await verdicts).toEqual([true, false, true]);
  const failing = metrics.work.verify(() => Promise.reject(new Error("no threads")));
  await expect(failing(sets)).rejects.toThrow("no threads");

  const memory = new MemoryDatabase();
  const database = metrics.work.database(memory);
  await database.commit([
    { key: Uint8Array.of(1, 2), value: new Uint8Array(10) },
    { key: Uint8Array.of(3), value: undefined },
  ]);
  memory.failing = 1;
  await expect(database.commit([{ key: Uint8Array.of(1), value: undefined }])).rejects.toThrow("no space");
  expect(await database.get(Uint8Array.of(1, 2))).toEqual(new Uint8Array(10));
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      "ccoin_verify_queue_signatures 0",
      `ccoin_verify_signatures_total{result="valid"} 2`,
      `ccoin_verify_signatures_total{result="invalid"} 1`,
      "ccoin_verify_seconds_count 2",
      "ccoin_database_writes_total 3",
      "ccoin_database_written_bytes_total 14",
      "ccoin_database_commit_seconds_count 1",
    ]),
  );
});

describe("documents", async () => {
  const metrics = new Metrics();
  metrics.follow(sources);
  const names = [...(await metrics.text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!);
  const own = names.filter((name) => name.startsWith("ccoin_"));

  test("docs/metrics.md lists every metric, and none that does not exist", () => {
    const [table] = readFileSync(new URL("metrics.md", docs), "utf8").split("\nThe process and Node.js");
    const listed = [...table!.matchAll(/`(ccoin_\w+)`/g)].map(([, name]) => name!);
    expect(listed.toSorted()).toEqual(own.toSorted());
  });

  test("every metric of the Grafana dashboard exists", () => {
    const dashboard = JSON.parse(readFileSync(new URL("grafana-dashboard.json", docs), "utf8")) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    const used = dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) =>
        [...expr.matchAll(/\b(?:ccoin|nodejs|process)_\w+/g)].map(([name]) => `${title}: ${base(name!)}`),
      ),
    );
    expect(used.length).toBeGreaterThan(30);
    expect(used.filter((name) => !names.includes(name.replace(/^.*: /, "")))).toEqual([]);
  });

  /** Returns the name of a histogram without its suffix. */
  function base(name: string): string {
    return names.includes(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
  }
});
