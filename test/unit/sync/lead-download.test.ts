import { expect, onTestFinished, test } from "vitest";
import { Candidates } from "../../../src/sync/candidates.ts";
import { Lead } from "../../../src/sync/lead.ts";
import { LeadDownload } from "../../../src/sync/lead-download.ts";
import { Standing } from "../../../src/sync/standing.ts";
import { BlockError } from "../../../src/types/errors.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock, syncNode } from "../support/sync-node.ts";

const genesis = await testGenesis(3, { blockReward: 0n });

/** Makes a node, and a download from a peer that has 20 blocks and claims to have `claimed`. */
async function setUp(
  claimed = 20,
  charge: (proposer: Uint8Array, transactions: number) => boolean = () => true,
) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const [node, peer] = [await syncNode(net, "node", genesis), await syncNode(net, "peer", genesis)];
  onTestFinished(async () => {
    standing.stop();
    for (const one of [node, peer]) await one.stop();
    expect(clock.pending).toBe(0);
  });
  net.connect(node.network, peer.network);
  await peer.addAll(await peer.maker.extend(peer.maker.start(), 20));
  const heads = await Promise.all(
    (await peer.chain.reader.idsUp(1, 20)).map((id) => peer.chain.tree.require(id)),
  );
  const behind: number[] = [];
  const standing = new Standing({
    clock,
    onBehind: () => behind.push(node.chain.head.height),
    onInStep: () => undefined,
  });
  const { network, chain, checks } = node;
  const download = new LeadDownload({
    ...{ network, chain, checks, clock, standing, logger: silentLogger },
    statuses: { all: () => [{ peer: "peer", status: { height: claimed } }] as never },
    candidates: new Candidates({ network, clock }),
    inbox: { mayDecode: (_id, { message }, count) => charge(message.proposer, count) },
  });
  /** Resolves to the end of a download of these heads, and its time in milliseconds. */
  const ended = async (from: number, to: number) => {
    const lead = (await Lead.of("peer", { checked: heads.slice(from, to), isLast: true }, chain))!;
    const startedAtMs = clock.now();
    let end: string | undefined;
    download.run(lead, new AbortController().signal).then(
      () => (end = "downloaded"),
      ({ code }) => (end = code),
    );
    while (!end) await clock.advance(100);
    return [end, clock.now() - startedAtMs];
  };
  const stalls = () => {
    net.fault = (_, protocol) =>
      protocol === "blocks"
        ? {
            answer: async function* () {
              await new Promise(() => undefined);
              yield undefined;
            },
          }
        : undefined;
  };
  return { clock, net, chain, heads, behind, download, ended, stalls };
}

test("waits 4 s for the blocks of an announced chain, longer each time, and 4 s again once blocks have arrived", async () => {
  const { net, chain, behind, download, ended, stalls } = await setUp();
  stalls();
  for (const patienceMs of [4_000, 8_000, 16_000])
    expect(await ended(0, 10)).toEqual(["STALLED", patienceMs]);
  expect([behind, download.progress]).toEqual([[], undefined]);
  net.fault = () => undefined;
  expect((await ended(0, 10))[0]).toBe("downloaded");
  // The node is behind before it imports them.
  expect([behind[0], chain.head.height]).toEqual([0, 10]);
  stalls();
  expect(await ended(10, 20)).toEqual(["STALLED", 4_000]);
});

test("waits as long for each further block", async () => {
  const { net, chain, ended } = await setUp();
  net.fault = (_, protocol) =>
    protocol === "blocks"
      ? {
          async *answer(_, honest) {
            let count = 0;
            for await (const block of honest()) {
              if (count++ === 5) await new Promise(() => undefined);
              yield block;
            }
          },
        }
      : undefined;
  expect([await ended(0, 10), chain.head.height]).toEqual([["STALLED", 4_000], 5]);
});

test("ends with the error of a block that is refused", async () => {
  const { chain, ended } = await setUp();
  const importBlocks = () => Promise.reject(new BlockError("MALFORMED", "…"));
  Object.defineProperty(chain, "importBlocks", { value: importBlocks });
  expect((await ended(0, 10))[0]).toBe("MALFORMED");
});

test("blocks that no honest authority need have signed are charged to their proposers, and are not decoded if these have made too many", async () => {
  const charged: unknown[] = [];
  let isLeft = true;
  const { chain, heads, ended } = await setUp(20, (proposer, transactions) => {
    charged.push([proposer, transactions]);
    return isLeft;
  });
  expect((await ended(0, 1))[0]).toBe("downloaded");
  expect(charged).toEqual([[heads[0]!.header.message.proposer, 0]]);
  isLeft = false;
  expect((await ended(1, 2))[0]).toBe("TOO_MANY_BLOCKS");
  expect([charged.length, chain.head.height]).toEqual([2, 1]);
  // Two of three authorities have signed these.
  expect((await ended(1, 3))[0]).toBe("downloaded");
  expect([charged.length, chain.head.height]).toEqual([2, 3]);
});

test("longer waits for single blocks, which one authority can sign, change nothing for those of a majority", async () => {
  const { net, ended, stalls } = await setUp();
  stalls();
  for (const patienceMs of [4_000, 8_000, 16_000]) expect(await ended(0, 1)).toEqual(["STALLED", patienceMs]);
  expect(await ended(0, 10)).toEqual(["STALLED", 4_000]);
  net.fault = () => undefined;
  expect((await ended(0, 1))[0]).toBe("downloaded");
  stalls();
  expect(await ended(1, 11)).toEqual(["STALLED", 8_000]);
  expect(await ended(1, 2)).toEqual(["STALLED", 4_000]);
});

test.each([
  ["its peer claims to have", 20, () => 20],
  ["a chain can have by now, whatever its peer claims", 2 ** 50, (possible: number) => possible],
])("expects as many blocks as %s", async (_, claimed, expected) => {
  const { clock, chain, heads, download, stalls } = await setUp(claimed);
  stalls();
  const lead = (await Lead.of("peer", { checked: heads.slice(0, 10), isLast: false }, chain))!;
  await clock.advance(heads[9]!.header.message.timestamp + 90_000 - clock.now());
  const ended = download.run(lead, new AbortController().signal).catch(() => undefined);
  expect(download.progress?.targetHeight).toBe(
    expected(10 + Math.floor(90_000 / chain.snapshot.parameters.periodMs)),
  );
  await clock.advance(4_000);
  await ended;
});
