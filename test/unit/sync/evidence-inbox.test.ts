import { beforeEach, describe, expect, test } from "vitest";
import type { AnyProtocol, Network, RequestHandler } from "../../../protocols/index.ts";
import { headerEvidence, voteEvidence } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { EvidenceStore } from "../../../src/storage/evidence.ts";
import { EvidenceInbox } from "../../../src/sync/evidence-inbox.ts";
import { Evidence } from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { handClock } from "../accounts/signing.ts";
import { genesisId, keyOf, signedHeader, signedVote, slotMs } from "../consensus/equivocation.ts";
import { MemoryDatabase } from "../storage/memory-database.ts";

const clock = handClock(7);
const authorities = ["A", "B"].map((name) => keyOf(name).publicKey);
const twoHeaders = (name: string, slot = 5) =>
  headerEvidence(signedHeader(name, slot * 1_000, 4), signedHeader(name, slot * 1_000 + 1, 4), slotMs)!;
const encode = (evidence: Evidence) => Evidence.serialize(evidence);

/** A network of two: `peer` is what the other side serves. */
function testNetwork(peer?: { handler: RequestHandler<AnyProtocol> | undefined }) {
  const own: { handler: RequestHandler<AnyProtocol> | undefined } = { handler: undefined };
  const published: Evidence[] = [];
  const penalties: string[] = [];
  const network = {
    serve: (_protocol: AnyProtocol, handler: RequestHandler<AnyProtocol>) => {
      own.handler = handler;
    },
    request: (_peer: string, _protocol: AnyProtocol, request: unknown) =>
      peer!.handler!(request as never, {} as never),
    publish: async (_topic: string, message: Uint8Array) => published.push(Evidence.deserialize(message)),
    penalize: (_peer: string, offence: string) => penalties.push(offence),
  } as unknown as Network;
  return { network, own, published, penalties };
}

function open(network: Network, database = new MemoryDatabase()): Promise<EvidenceInbox> {
  return EvidenceInbox.open({
    network,
    store: new EvidenceStore(database),
    clock,
    logger: silentLogger,
    verify: verifySignatures,
    rules: { slotMs, genesisId },
    isAuthority: (address) => authorities.some((authority) => equalBytes(authority, address)),
  });
}

describe("gossip", () => {
  let inbox: EvidenceInbox;
  let database: MemoryDatabase;

  beforeEach(async () => {
    database = new MemoryDatabase();
    inbox = await open(testNetwork().network, database);
  });

  test("new evidence is accepted once, listed, and there after a restart", async () => {
    const told: string[] = [];
    inbox.events.on("evidence", ({ offender }) => told.push(offender));
    expect(await inbox.onGossip(encode(twoHeaders("A")))).toBe("accept");
    expect(await inbox.onGossip(encode(twoHeaders("A")))).toBe("ignore");
    const votes = voteEvidence(signedVote("B", 0, 3, 1), signedVote("B", 0, 3, 2))!;
    expect(await inbox.onGossip(encode(votes))).toBe("accept");
    const address = (name: string) => encodeAddress(keyOf(name).publicKey);
    expect(told).toEqual([address("A"), address("B")]);
    expect(inbox.list()).toMatchObject([
      { offender: address("B"), offence: "doubleVote", round: 3, receivedAtMs: 7 },
      {
        offender: address("A"),
        offence: "header",
        slot: 5,
        conflicting: [expect.stringMatching(/^0x/), expect.stringMatching(/^0x/)],
      },
    ]);
    const again = await open(testNetwork().network, database.restart());
    expect(new Set(again.list())).toEqual(new Set(inbox.list()));
    expect(await again.onGossip(encode(twoHeaders("A")))).toBe("ignore");
  });

  test("two of the same at once are stored once", async () => {
    const message = encode(twoHeaders("A"));
    expect((await Promise.all([inbox.onGossip(message), inbox.onGossip(message)])).sort()).toEqual([
      "accept",
      "ignore",
    ]);
  });

  test("what proves nothing is rejected", async () => {
    const forged = twoHeaders("A");
    forged.headers[0]!.first.signature = new Uint8Array(64);
    expect(await inbox.onGossip(encode(forged))).toBe("reject");
    expect(await inbox.onGossip(encode({ headers: [], votes: [] }))).toBe("reject");
    expect(await inbox.onGossip(new Uint8Array(3))).toBe("reject");
    expect(inbox.list()).toEqual([]);
  });

  test("others than authorities are ignored", async () => {
    expect(await inbox.onGossip(encode(twoHeaders("C")))).toBe("ignore");
  });

  test("eight of one offender are enough", async () => {
    for (let slot = 0; slot < 10; slot++)
      expect(await inbox.onGossip(encode(twoHeaders("A", slot)))).toBe(slot < 8 ? "accept" : "ignore");
    expect(await inbox.onGossip(encode(twoHeaders("B")))).toBe("accept");
    expect(inbox.list()).toHaveLength(9);
  });
});

test("what the node sees itself is published", async () => {
  const { network, published } = testNetwork();
  const inbox = await open(network);
  inbox.seenHeader(signedHeader("A", 5_000, 4));
  inbox.seenHeader(signedHeader("C", 5_000, 4));
  inbox.seenHeader(signedHeader("C", 5_001, 4));
  inbox.seenHeader(signedHeader("A", 5_001, 4));
  inbox.seenVote(signedVote("B", 0, 3, 1));
  inbox.seenVote(signedVote("B", 0, 3, 2));
  await expect.poll(() => published.length).toBe(2);
  expect(inbox.list()).toHaveLength(2);
});

test("a late node asks for it; one that serves what proves nothing pays", async () => {
  const first = testNetwork();
  const inbox = await open(first.network);
  inbox.serve();
  for (const slot of [1, 2, 3]) await inbox.onGossip(encode(twoHeaders("A", slot)));
  const late = testNetwork(first.own);
  const lateInbox = await open(late.network);
  await lateInbox.pull("peer");
  expect(lateInbox.list().map(({ slot }) => slot)).toEqual([1, 2, 3]);
  expect(late.penalties).toEqual([]);

  const liar = {
    handler: async function* () {
      yield { headers: [], votes: [] };
    } as RequestHandler<AnyProtocol>,
  };
  const victim = testNetwork(liar);
  await (await open(victim.network)).pull("peer");
  expect(victim.penalties).toEqual(["invalidResponse"]);
});
