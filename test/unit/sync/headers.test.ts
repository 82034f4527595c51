import { expect, onTestFinished, test } from "vitest";
import { headers, maxHeadersPerPage } from "../../../protocols/index.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { fetchHeaders } from "../../../src/sync/headers.ts";
import type { SignedHeader } from "../../../src/types/index.ts";
import { authorities, BlockMaker, type Tip, testGenesis } from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock, syncNode } from "../support/sync-node.ts";

const genesis = await testGenesis(3);
const maker = new BlockMaker(genesis);
const tip = await maker.extend(maker.start(), 3);
const headersOf = ({ blocks }: Tip) => blocks.map(({ header }) => header);

/** Fetches headers from `start` on from a peer that answers with `answer`. */
async function fetchAnswer(
  answer: readonly SignedHeader[],
  start = 1,
  prepare?: (chain: Chain) => void,
  signal = new AbortController().signal,
) {
  const net = new FakeNetwork(settledClock());
  const node = await syncNode(net, "node", genesis);
  const peer = net.node("peer");
  onTestFinished(() => node.stop());
  net.connect(node.network, peer);
  prepare?.(node.chain);
  const asked: unknown[] = [];
  peer.serve(headers, async function* (request) {
    asked.push(request);
    yield [...answer];
  });
  const { network, chain } = node;
  const fetched = fetchHeaders({ network, chain, peer: "peer", start, signal });
  return { fetched, asked, node };
}

const forged = (header: SignedHeader): SignedHeader => ({ ...header, signature: new Uint8Array(64) });

test("a page is fetched from a height on, and the last one is not full", async () => {
  const { fetched, asked } = await fetchAnswer(headersOf(tip));
  const { checked, isLast } = await fetched;
  expect(checked.map(({ height }) => height)).toEqual([1, 2, 3]);
  expect(checked.at(-1)!.idHex).toBe(tip.idHex);
  expect(isLast).toBe(true);
  expect(asked).toEqual([{ start: 1, count: maxHeadersPerPage }]);
});

test("a full page is not the last one", async () => {
  const [head] = await (await fetchAnswer(headersOf(tip))).fetched.then(({ checked }) => checked);
  const { fetched } = await fetchAnswer(new Array(maxHeadersPerPage).fill(head!.header), 1, (chain) => {
    // One header stands for all of a page, of which making as many would take a second.
    chain.checkHeaders = async (page) => page.map(() => head!);
  });
  const { checked, isLast } = await fetched;
  expect(checked).toHaveLength(maxHeadersPerPage);
  expect(isLast).toBe(false);
});

test("an empty page is the last one", async () => {
  const { fetched } = await fetchAnswer([]);
  expect(await fetched).toEqual({ checked: [], isLast: true });
});

test("headers from another height than the requested one are refused", async () => {
  const { fetched } = await fetchAnswer(headersOf(tip).slice(1));
  await expect(fetched).rejects.toMatchObject({ code: "WRONG_HEIGHT" });
});

test("headers on a block that is not here say that the peer's chain has changed", async () => {
  const { fetched } = await fetchAnswer(headersOf(tip).slice(1), 2);
  await expect(fetched).rejects.toMatchObject({ code: "PEER_CHANGED" });
});

test.each([0, 1, 2])("a page with a wrong signature of header %i is refused", async (at) => {
  const answer = headersOf(tip).map((header, index) => (index === at ? forged(header) : header));
  const { fetched } = await fetchAnswer(answer);
  await expect(fetched).rejects.toMatchObject({ code: "INVALID_HEADER_SIGNATURE" });
});

test("a header that another node could write differently is refused", async () => {
  const [first, second] = headersOf(tip);
  const message = { ...second!.message, vote: { ...second!.message.vote, value: 1n } };
  const { fetched } = await fetchAnswer([first!, { ...second!, message }]);
  await expect(fetched).rejects.toMatchObject({ code: "MALFORMED" });
});

/** More than the chain of the tests is behind their clock. */
const laterMs = new ManualClock().now() + 3_600_000 - maker.start().header.timestamp;
const ahead = await maker.block(maker.start(), { laterMs, by: authorities[1]! });

test("a page that is ahead of the clock is a doubt about the clock only if an authority has signed it", async () => {
  const [header] = headersOf(ahead);
  await expect((await fetchAnswer([header!])).fetched).rejects.toMatchObject({ code: "FUTURE_BLOCK" });
  await expect((await fetchAnswer([forged(header!)])).fetched).rejects.toMatchObject({
    code: "INVALID_HEADER_SIGNATURE",
  });
});

test("the headers before one that is ahead of the clock are taken, and the page counts as the last", async () => {
  const late = headersOf(await maker.block(tip, { laterMs }));
  // Headers that are left for later are not checked yet.
  for (const answer of [late, late.with(-1, forged(late.at(-1)!))]) {
    const { checked, isLast } = await (await fetchAnswer(answer)).fetched;
    expect(checked.map(({ height }) => height)).toEqual([1, 2, 3]);
    expect(isLast).toBe(true);
  }
});

test("no signature is checked of a page that breaks a rule", async () => {
  const [wrong] = headersOf(await maker.block(maker.start(), { edit: { difficulty: 1 } }));
  const { fetched } = await fetchAnswer([forged(wrong!)]);
  await expect(fetched).rejects.toMatchObject({ code: "WRONG_DIFFICULTY" });
});

test("a stop ends the request", async () => {
  const stop = new AbortController();
  stop.abort();
  const { fetched } = await fetchAnswer(headersOf(tip), 1, () => undefined, stop.signal);
  await expect(fetched).rejects.toMatchObject({ code: "aborted" });
});
