import { afterAll, beforeAll, expect, it, vi } from "vitest";

type Ids = { id: string; status: string }[];
type NewIncoming = (addresses: string[], earlier: Map<string, ReadonlySet<string>>) => Promise<Ids>;

let waiting: object[] = [];
let placed: object[] = [];
let newIncoming: NewIncoming;

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://127.0.0.1:1/" });
  vi.stubGlobal("fetch", async (url: string) => {
    const transactions = url.includes("/v1/mempool") ? waiting : placed;
    return new Response(JSON.stringify({ transactions, next: null }));
  });
  // Imported by a variable name, which the compiler does not follow: the page's code is checked with browsers' types.
  const path = "../../../src/explorer/wallet/incoming.ts";
  ({ newIncoming } = await import(/* @vite-ignore */ path));
});
afterAll(() => {
  vi.unstubAllGlobals();
  // Other tests of the page have another node.
  vi.resetModules();
});

const payment = (id: string, from = "them", to = "me") => ({ id, from, to });
const brief = (news: Ids) => news.map(({ id, status }) => `${id} ${status}`);

it("tells of what has come since the first look, once each, from the mempool on", async () => {
  const earlier = new Map<string, ReadonlySet<string>>();
  placed = [{ ...payment("old"), status: "finalized" }];
  expect(await newIncoming(["me"], earlier)).toEqual([]);
  waiting = [payment("new"), payment("sent", "me", "them"), payment("others", "them", "them")];
  expect(brief(await newIncoming(["me"], earlier))).toEqual(["new pending"]);
  // The second answer is younger than the first.
  placed = [{ ...payment("new"), status: "included" }, ...placed];
  expect(brief(await newIncoming(["me"], earlier))).toEqual(["new included"]);
});

it("does not tell of what moves between accounts of one wallet", async () => {
  const earlier = new Map<string, ReadonlySet<string>>();
  [waiting, placed] = [[], []];
  await newIncoming(["me", "mine"], earlier);
  waiting = [payment("moved", "mine", "me")];
  expect(await newIncoming(["me", "mine"], earlier)).toEqual([]);
});
