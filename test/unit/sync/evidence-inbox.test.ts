import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  evidence as evidenceProtocol,
  maxEvidencePerRequest,
  type RequestHandler,
} from "../../../protocols/index.ts";
import { keptSignatures } from "../../../src/consensus/equivocation-watch.ts";
import { headerEvidence, voteEvidence } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { type Verify, verifySignatures } from "../../../src/crypto/ed25519.ts";
import { EvidenceStore } from "../../../src/storage/evidence.ts";
import { EvidenceInbox, type EvidenceInboxOptions, maxChecks } from "../../../src/sync/evidence-inbox.ts";
import { recordBytes } from "../../../src/sync/serve.ts";
import { type Certificate, Evidence } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { handClock } from "../accounts/signing.ts";
import { genesisId, keyOf, signedHeader, signedVote, slotMs } from "../consensus/equivocation.ts";
import { CrashableDatabase } from "../storage/crashable-database.ts";
import { FakeNetwork } from "../support/network.ts";

const clock = handClock(7);
/** Certificates of settled rounds. */
const certificates = new Map<number, Certificate>();
const authorities = ["A", "B"].map((name) => keyOf(name).publicKey);
/** Rounds from 3 to 13 are open. */
const chain = {
  finalized: { round: 3 },
  justified: { round: 5 },
  snapshot: { authorities },
} as unknown as EvidenceInboxOptions["chain"];
const twoHeaders = (name: string, slot = 5) =>
  headerEvidence(signedHeader(name, slot * 1_000, 4), signedHeader(name, slot * 1_000 + 1, 4), slotMs)!;
/** Lets all work end that nothing waits for. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
const anA = signedHeader("A", 5_000, 4);
/** Evidence whose signatures only `verifyMarks` accepts, unless it is forged: to sign thousands takes seconds. */
const marked = (slot: number, mark = 1, proposer = anA.message.proposer) => {
  const header = (timestamp: number) => ({
    message: { ...anA.message, timestamp, proposer },
    signature: new Uint8Array(64).fill(mark),
  });
  return headerEvidence(header(slot * slotMs), header(slot * slotMs + 1), slotMs)!;
};
const verifyMarks: Verify = async (sets) => sets.map((set) => "signature" in set && set.signature[0] === 1);
const encode = (evidence: Evidence) => Evidence.serialize(evidence);

/** Makes a node with a peer that answers with `handler`. */
function testNetwork(handler?: RequestHandler<typeof evidenceProtocol>) {
  const wire = new FakeNetwork(clock);
  const [network, peer] = [wire.node("node"), wire.node("peer")];
  wire.connect(network, peer);
  if (handler) peer.serve(evidenceProtocol, handler);
  const published: Evidence[] = [];
  const publish = async (message: Uint8Array) => published.push(Evidence.deserialize(message));
  /** Asks the node for evidence, as the peer. */
  const ask = async (limit: number) => {
    const told: Evidence[] = [];
    for await (const each of peer.request("node", evidenceProtocol, { limit })) told.push(each);
    return told;
  };
  const offences = () => network.penalties.map(({ offence }) => offence);
  return { network, publish, published, ask, offences, reads: wire.reads };
}

function open(
  { network, publish }: Pick<ReturnType<typeof testNetwork>, "network" | "publish">,
  database = new CrashableDatabase(),
  verify = verifySignatures,
): Promise<EvidenceInbox> {
  return EvidenceInbox.open(optionsOf({ network, publish }, database, verify));
}

function optionsOf(
  { network, publish }: Pick<ReturnType<typeof testNetwork>, "network" | "publish">,
  database = new CrashableDatabase(),
  verify = verifySignatures,
) {
  return {
    network,
    topics: {
      publish: async (name: string, message: Uint8Array) => {
        expect(name).toBe("evidence");
        return publish(message);
      },
    },
    chain,
    store: new EvidenceStore(database),
    clock,
    logger: silentLogger,
    verify,
    rules: { slotMs, genesisId },
    certificates: { certificate: async (round: number) => certificates.get(round) },
  };
}

describe("gossip", () => {
  let inbox: EvidenceInbox;
  let database: CrashableDatabase;

  beforeEach(async () => {
    database = new CrashableDatabase();
    inbox = await open(testNetwork(), database);
  });

  test("accepts new evidence once, lists it, and keeps it across a restart", async () => {
    expect(await inbox.onGossip(encode(twoHeaders("A")), "peer")).toBe("accept");
    expect(await inbox.onGossip(encode(twoHeaders("A")), "peer")).toBe("ignore");
    const votes = voteEvidence(signedVote("B", 0, 3, 1), signedVote("B", 0, 3, 2))!;
    expect(await inbox.onGossip(encode(votes), "peer")).toBe("accept");
    const address = (name: string) => encodeAddress(keyOf(name).publicKey);
    expect(inbox.list()).toMatchObject([
      { offender: address("B"), offence: "doubleVote", round: 3, receivedAtMs: 7 },
      {
        offender: address("A"),
        offence: "header",
        slot: 5,
        conflicting: [expect.stringMatching(/^0x/), expect.stringMatching(/^0x/)],
      },
    ]);
    const again = await open(testNetwork(), database.restart());
    expect(new Set(again.list())).toEqual(new Set(inbox.list()));
    expect(await again.onGossip(encode(twoHeaders("A")), "peer")).toBe("ignore");
  });

  test("stores the same evidence once if it arrives twice at the same time", async () => {
    const message = encode(twoHeaders("A"));
    expect(
      (await Promise.all([inbox.onGossip(message, "peer"), inbox.onGossip(message, "peer")])).sort(),
    ).toEqual(["accept", "ignore"]);
  });

  test("rejects a pair that proves nothing", async () => {
    const forged = twoHeaders("A");
    forged.headers[0]!.first.signature = new Uint8Array(64);
    expect(await inbox.onGossip(encode(forged), "peer")).toBe("reject");
    expect(await inbox.onGossip(encode({ headers: [], votes: [] }), "peer")).toBe("reject");
    expect(await inbox.onGossip(new Uint8Array(3), "peer")).toBe("reject");
    expect(inbox.list()).toEqual([]);
  });

  test("ignores evidence against an account that is not an authority", async () => {
    expect(await inbox.onGossip(encode(twoHeaders("C")), "peer")).toBe("ignore");
  });

  test.each([
    ["later", 0],
    ["earlier", keptSignatures.inAll + 1],
  ])(
    "detects a second header of the present slot, whatever number of %s slots its proposer has signed for meanwhile",
    async (_, present) => {
      const { nowMs } = clock;
      onTestFinished(() => {
        clock.nowMs = nowMs;
      });
      clock.nowMs = present * slotMs;
      const net = testNetwork();
      const inbox = await open(net, undefined, verifyMarks);
      const { first, second } = marked(present).headers[0]!;
      const other = (slot: number) => ({ ...first, message: { ...first.message, timestamp: slot * slotMs } });
      inbox.seenHeader(first);
      for (let slot = 1; slot <= keptSignatures.inAll; slot++) inbox.seenHeader(other(slot));
      inbox.seenHeader(second);
      await turns();
      expect(inbox.list().map(({ offence, slot }) => [offence, slot])).toEqual([["header", present]]);
    },
  );

  test("checks what the node finds at once as often as its offender can pay", async () => {
    let checks = 0;
    const inbox = await open(testNetwork(), undefined, async (sets) => {
      checks++;
      return verifyMarks(sets);
    });
    for (let slot = 0; slot < 1_100; slot++) {
      const { first, second } = marked(slot).headers[0]!;
      inbox.seenHeader(first);
      inbox.seenHeader(second);
    }
    await turns();
    expect(checks).toBe(1_024);
  });

  test("counts each slot and each round as separate evidence, but not another pair of the same", async () => {
    for (let slot = 0; slot < 40; slot++)
      expect(await inbox.onGossip(encode(twoHeaders("A", slot)), "peer")).toBe("accept");
    const third = headerEvidence(signedHeader("A", 5_000, 4), signedHeader("A", 5_002, 4), slotMs)!;
    expect(await inbox.onGossip(encode(third), "peer")).toBe("ignore");
    for (let round = 2; round < 42; round++) {
      const votes = voteEvidence(signedVote("A", 0, round, 1), signedVote("A", 0, round, 2))!;
      expect(await inbox.onGossip(encode(votes), "peer")).toBe("accept");
    }
    expect(inbox.list()).toHaveLength(80);
  });

  test("accepts 1,024 pieces against one offender at once, and then one a second; others are not affected", async () => {
    const marking = await open(testNetwork(), database, verifyMarks);
    for (let slot = 0; slot < 1_024; slot++)
      expect(await marking.onGossip(encode(marked(slot)), "peer")).toBe("accept");
    expect(await marking.onGossip(encode(marked(2_000)), "peer")).toBe("ignore");
    expect(await marking.onGossip(encode(marked(1, 1, authorities[1])), "peer")).toBe("accept");
    clock.nowMs += 1_000;
    expect(await marking.onGossip(encode(marked(2_000)), "peer")).toBe("accept");
    expect(await marking.onGossip(encode(marked(2_001)), "peer")).toBe("ignore");
    // The node's own findings do not wait behind those of others.
    const own = marked(3_000).headers[0]!;
    for (const header of [own.first, own.second]) marking.seenHeader(header);
    await turns();
    expect(marking.list()[0]?.slot).toBe(3_000);
  });

  test("two pieces that are checked at the same time do not share the last place of their offender", async () => {
    const marking = await open(testNetwork(), database, verifyMarks);
    for (let slot = 0; slot < 1_023; slot++) await marking.onGossip(encode(marked(slot)), "peer");
    const verdicts = [2_000, 2_001].map((slot) => marking.onGossip(encode(marked(slot)), `peer ${slot}`));
    expect((await Promise.all(verdicts)).sort()).toEqual(["accept", "ignore"]);
  });

  test("two pieces that the node finds at the same time do not share the last place either", async () => {
    const network = testNetwork();
    const marking = await open(network, database, verifyMarks);
    const find = (slot: number) => {
      const { first, second } = marked(slot).headers[0]!;
      for (const header of [first, second]) marking.seenHeader(header);
    };
    for (let slot = 0; slot < 1_023; slot++) find(slot);
    await expect.poll(() => network.published.length).toBe(1_023);
    for (const slot of [2_000, 2_001]) find(slot);
    await turns();
    expect(network.published).toHaveLength(1_024);
  });

  test("offences in old and invented rounds, and in slots, use up no evidence of the rounds that count", async () => {
    // The signatures are taken for valid: only their number matters here.
    const trusting = await open(testNetwork(), database, async (sets) => sets.map(() => true));
    const checkpoint = (round: number, block: number) => ({
      round,
      height: round,
      block: new Uint8Array(32).fill(block),
    });
    const { voter, signature } = signedVote("A", 0, 1, 1);
    const vote = (round: number, block: number) => ({
      message: { source: checkpoint(0, 0), target: checkpoint(round, block) },
      voter,
      signature,
    });
    const twoVotes = (round: number) => encode(voteEvidence(vote(round, 1), vote(round, 2))!);
    const header = signedHeader("A", 0, 4);
    const at = (timestamp: number) => ({ ...header, message: { ...header.message, timestamp } });
    const headersOf = (slot: number) =>
      encode(headerEvidence(at(slot * slotMs), at(slot * slotMs + 1), slotMs)!);
    for (let cheap = 0; cheap < 1_025; cheap++) await trusting.onGossip(headersOf(cheap), "peer");
    expect(await trusting.onGossip(twoVotes(14), "peer")).toBe("accept");
    for (let cheap = 1; cheap < 1_025; cheap++) await trusting.onGossip(twoVotes(14 + cheap), "peer");
    for (const round of [2, 14 + 1_025])
      expect(await trusting.onGossip(twoVotes(round), "peer")).toBe("ignore");
    expect(await trusting.onGossip(headersOf(1_025), "peer")).toBe("ignore");
    for (const round of [3, 7, 13]) expect(await trusting.onGossip(twoVotes(round), "peer")).toBe("accept");
  });

  test("checks no signature of a piece that is known, or that its offender's budget does not cover", async () => {
    let checks = 0;
    const counting = await open(testNetwork(), database, async (sets) => {
      checks += sets.length;
      return sets.map(() => true);
    });
    for (let slot = 0; slot < 1_024; slot++) await counting.onGossip(encode(marked(slot)), "peer");
    expect(checks).toBe(2 * 1_024);
    for (const slot of [3, 2_000])
      expect(await counting.onGossip(encode(marked(slot)), "peer")).toBe("ignore");
    clock.nowMs += 1_000;
    expect(await counting.onGossip(encode(marked(3)), "peer")).toBe("ignore");
    expect(checks).toBe(2 * 1_024);
  });

  test("bounds the evidence that is listed and sent, and includes every offender and kind", async () => {
    expect(await inbox.onGossip(encode(twoHeaders("B")), "peer")).toBe("accept");
    const votes = voteEvidence(signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2))!;
    expect(await inbox.onGossip(encode(votes), "peer")).toBe("accept");
    const marking = await open(testNetwork(), database, verifyMarks);
    for (let slot = 0; slot < 300; slot++) await marking.onGossip(encode(marked(slot)), "peer");
    expect(marking.list()).toHaveLength(2 + 256);
    const network = testNetwork();
    const again = await open(network, database.restart());
    again.serve();
    const [last, ...rest] = (await network.ask(3)).map((each) => each.headers.length);
    expect([last, ...rest].sort()).toEqual([0, 1, 1]);
    // All of them are on disk.
    let stored = 0;
    for await (const _ of new EvidenceStore(database).all()) stored++;
    expect(stored).toBe(302);
  });

  test("does not charge forged evidence to the authority that it names, and checks only four pieces of a peer at a time", async () => {
    const forged = (slot: number) => {
      const evidence = twoHeaders("A", slot);
      evidence.headers[0]!.first.signature = new Uint8Array(64);
      return encode(evidence);
    };
    const verdicts = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((slot) => inbox.onGossip(forged(slot), "peer")),
    );
    expect(verdicts).toEqual(["reject", "reject", "reject", "reject", "ignore", "ignore"]);
    const marking = await open(testNetwork(), database, verifyMarks);
    for (let slot = 0; slot < 1_024; slot++)
      expect(await marking.onGossip(encode(marked(slot, 0)), "peer")).toBe("reject");
    expect(await marking.onGossip(encode(marked(5)), "peer")).toBe("accept");
  });

  test("checks a peer's evidence even if many ids of another address have taken all places", async () => {
    const forged = (slot: number) => {
      const evidence = twoHeaders("A", slot);
      evidence.headers[0]!.first.signature = new Uint8Array(64);
      return encode(evidence);
    };
    const flood = Array.from({ length: 100 }, (_, id) => inbox.onGossip(forged(id + 2), `flooder@${id}`));
    const honest = inbox.onGossip(encode(twoHeaders("B")), "honest");
    const verdicts = await Promise.all(flood);
    expect(verdicts.filter((verdict) => verdict === "reject")).toHaveLength(maxChecks.inAll);
    expect(await honest).toBe("accept");
  });
});

test("detects a vote that contradicts one of a round settled long ago, also after a restart", async () => {
  const settled = signedVote("A", 1, 2, 1);
  certificates.set(2, { link: settled.message, voters: [settled.voter], signatures: [settled.signature] });
  const inbox = await open(testNetwork());
  inbox.seenVote(settled);
  inbox.seenVote(signedVote("B", 1, 2, 2));
  const again = await open(testNetwork());
  again.seenVote(signedVote("A", 1, 2, 2));
  await turns();
  expect(again.list()).toMatchObject([{ offence: "doubleVote", round: 2 }]);
  expect(inbox.list()).toEqual([]);
});

test("publishes evidence that the node finds itself", async () => {
  const network = testNetwork();
  const { published } = network;
  const inbox = await open(network);
  inbox.seenHeader(signedHeader("A", 5_000, 4));
  inbox.seenHeader(signedHeader("C", 5_000, 4));
  inbox.seenHeader(signedHeader("C", 5_001, 4));
  inbox.seenHeader(signedHeader("A", 5_001, 4));
  inbox.seenVote(signedVote("B", 0, 3, 1));
  inbox.seenVote(signedVote("B", 0, 3, 2));
  await turns();
  expect(published).toHaveLength(2);
  expect(inbox.list()).toHaveLength(2);
});

test("a late node requests evidence, and penalizes a peer whose evidence proves nothing", async () => {
  const first = testNetwork();
  const inbox = await open(first);
  inbox.serve();
  for (const slot of [1, 2, 3]) await inbox.onGossip(encode(twoHeaders("A", slot)), "peer");
  const late = testNetwork(async function* ({ limit }) {
    yield* await first.ask(limit);
  });
  const lateInbox = await open(late);
  await lateInbox.pull("peer");
  expect(lateInbox.list().map(({ slot }) => slot)).toEqual([1, 2, 3]);
  expect(late.offences()).toEqual([]);

  const victim = testNetwork(async function* () {
    yield { headers: [], votes: [] };
  });
  await (await open(victim)).pull("peer");
  expect(victim.offences()).toEqual(["invalidResponse"]);
});

test("a restarted node lists its evidence newest first, and knows which offences it has", async () => {
  const database = new CrashableDatabase();
  const inbox = await open(testNetwork(), database);
  for (const slot of [9, 3, 6]) {
    clock.nowMs += 1;
    await inbox.onGossip(encode(twoHeaders("A", slot)), "peer");
  }
  expect(inbox.list().map(({ slot }) => slot)).toEqual([6, 3, 9]);
  const again = await open(testNetwork(), database.restart());
  expect(again.list()).toEqual(inbox.list());
});

test("votes and headers of accounts that are no authorities are not remembered", async () => {
  const network = testNetwork();
  const inbox = await open(network);
  inbox.seenVote(signedVote("C", 0, 3, 1));
  inbox.seenHeader(signedHeader("C", 5_000, 4));
  // The account becomes an authority.
  authorities.push(keyOf("C").publicKey);
  inbox.seenVote(signedVote("C", 0, 3, 2));
  inbox.seenHeader(signedHeader("C", 5_001, 4));
  await turns();
  authorities.pop();
  expect(network.published).toEqual([]);
});

test("a vote is compared with the certificate of its round when it is seen first, and not again", async () => {
  const network = testNetwork();
  let lookups = 0;
  const inbox = await EvidenceInbox.open({
    ...optionsOf(network),
    certificates: {
      certificate: async () => {
        lookups++;
        return undefined;
      },
    },
  });
  const vote = signedVote("A", 0, 3, 1);
  inbox.seenVote(vote);
  await turns();
  const first = lookups;
  inbox.seenVote(vote);
  await turns();
  expect([first > 0, lookups]).toEqual([true, first]);
});

test("logs what the node cannot store or publish, and nothing else fails", async () => {
  const network = testNetwork();
  const warnings: string[] = [];
  const inbox = await EvidenceInbox.open({
    ...optionsOf(network),
    topics: { publish: () => Promise.reject(new Error("no peers")) },
    logger: { ...silentLogger, warn: (_: object, text: string) => warnings.push(text) } as never,
  });
  inbox.seenHeader(signedHeader("A", 5_000, 4));
  inbox.seenHeader(signedHeader("A", 5_001, 4));
  await turns();
  expect(warnings).toHaveLength(1);
  expect(inbox.list()).toHaveLength(1);
});

test("the log names the authority and its offence", async () => {
  const errors: object[] = [];
  const inbox = await EvidenceInbox.open({
    ...optionsOf(testNetwork()),
    logger: { ...silentLogger, error: (fields: object) => errors.push(fields) } as never,
  });
  const doubleVote = voteEvidence(signedVote("A", 0, 3, 1), signedVote("A", 0, 3, 2))!;
  const surround = voteEvidence(signedVote("A", 1, 9, 1), signedVote("A", 2, 8, 1))!;
  for (const evidence of [twoHeaders("A"), doubleVote, surround])
    await inbox.onGossip(encode(evidence), "peer");
  const offender = encodeAddress(keyOf("A").publicKey);
  expect(errors).toMatchObject(
    ["two headers in slot 5", "two votes in round 3", "a vote that surrounds another, in round 9"].map(
      (contradiction) => ({ offender, contradiction }),
    ),
  );
});

test("an error of the disk reaches gossip, which forwards nothing", async () => {
  const { store, ...options } = optionsOf(testNetwork());
  const inbox = await EvidenceInbox.open({
    ...options,
    store: {
      put: () => Promise.reject(new Error("the disk is full")),
      get: (...key) => store.get(...key),
      all: () => store.all(),
    },
  });
  await expect(inbox.onGossip(encode(twoHeaders("A")), "peer")).rejects.toThrow("the disk is full");
  // The offence is not taken for one that is being stored.
  await expect(inbox.onGossip(encode(twoHeaders("A")), "peer")).rejects.toThrow("the disk is full");
  expect(inbox.list()).toEqual([]);
});

test("an offence found twice at the same time is stored once", async () => {
  const network = testNetwork();
  const inbox = await open(network);
  inbox.seenHeader(signedHeader("A", 5_000, 4));
  inbox.seenHeader(signedHeader("A", 5_001, 4));
  const other = headerEvidence(signedHeader("A", 5_000, 4), signedHeader("A", 5_002, 4), slotMs)!;
  const told = await inbox.onGossip(encode(other), "peer");
  await turns();
  expect([told, inbox.list().length, network.published.length]).toEqual(["ignore", 1, 1]);
});

describe("a second piece for the same offence", () => {
  test("a second piece for an offence that comes while the first is being written is not stored", async () => {
    const { store, ...options } = optionsOf(testNetwork());
    const written = Promise.withResolvers<void>();
    let puts = 0;
    const inbox = await EvidenceInbox.open({
      ...options,
      store: {
        put: async (entry) => {
          puts++;
          await written.promise;
          return store.put(entry);
        },
        get: (...key) => store.get(...key),
        all: () => store.all(),
      },
    });
    const verdicts = ["peer", "other"].map((peer) => inbox.onGossip(encode(twoHeaders("A")), peer));
    await turns();
    written.resolve();
    expect(await Promise.all(verdicts)).toEqual(["accept", "ignore"]);
    expect(puts).toBe(1);
  });

  test("a second piece for an offence whose check ends when the first is stored is not listed again", async () => {
    const checked = Promise.withResolvers<void>();
    let checks = 0;
    const inbox = await open(testNetwork(), new CrashableDatabase(), async (sets) => {
      if (++checks === 1) await checked.promise;
      return verifySignatures(sets);
    });
    const slow = inbox.onGossip(encode(twoHeaders("A")), "peer");
    await turns();
    expect(await inbox.onGossip(encode(twoHeaders("A")), "other")).toBe("accept");
    checked.resolve();
    expect(await slow).toBe("ignore");
    expect(inbox.list()).toHaveLength(1);
  });

  test("a second piece for an offence that the node finds itself is not published", async () => {
    const network = testNetwork();
    const inbox = await open(network);
    expect(await inbox.onGossip(encode(twoHeaders("A")), "peer")).toBe("accept");
    for (const timestamp of [5_000, 5_001]) inbox.seenHeader(signedHeader("A", timestamp, 4));
    await turns();
    expect(network.published).toEqual([]);
  });
});

test("votes of open rounds are remembered longer than others", async () => {
  // The room for all is shared by so many authorities that 64 rounds of each are remembered.
  const others = Array.from({ length: 256 }, (_, at) => new Uint8Array(32).fill(1).fill(at, 0, 1));
  const all = [...others, authorities[0]!].sort(compareBytes);
  const inbox = await EvidenceInbox.open({
    ...optionsOf(testNetwork()),
    chain: { ...chain, snapshot: { ...chain.snapshot, authorities: all } },
  });
  const vote = signedVote("A", 0, 3, 1);
  for (const voter of others) inbox.seenVote({ ...vote, voter });
  inbox.seenVote(vote);
  const target = (round: number) => ({ ...vote.message.target, round, height: round });
  for (let round = 14; round < 90; round++)
    inbox.seenVote({ ...vote, message: { ...vote.message, target: target(round) } });
  inbox.seenVote(signedVote("A", 0, 3, 2));
  await turns();
  expect(inbox.list()).toMatchObject([{ offence: "doubleVote", round: 3 }]);
});

test("a listed piece that is not on the disk any more is left out of the answer", async () => {
  const network = testNetwork();
  const options = optionsOf(network);
  const inbox = await EvidenceInbox.open(options);
  for (const slot of [1, 2]) await inbox.onGossip(encode(twoHeaders("A", slot)), "peer");
  inbox.serve();
  const get = options.store.get.bind(options.store);
  let asked = 0;
  options.store.get = async (...key) => (++asked === 1 ? undefined : get(...key));
  expect(await network.ask(maxEvidencePerRequest)).toHaveLength(1);
});

test("a surround vote is evidence of its own, beside two votes of the same round", async () => {
  const inbox = await open(testNetwork());
  const surround = voteEvidence(signedVote("A", 1, 6, 1), signedVote("A", 2, 3, 1))!;
  expect(await inbox.onGossip(encode(surround), "peer")).toBe("accept");
  const { offence, round = 0 } = inbox.list()[0]!;
  expect(offence).toBe("surround");
  const double = voteEvidence(signedVote("A", 0, round, 1), signedVote("A", 0, round, 2))!;
  expect(await inbox.onGossip(encode(double), "peer")).toBe("accept");
  expect(inbox.list().map((each) => [each.offence, each.round])).toContainEqual(["doubleVote", round]);
});

test("requests outside of 1 to the most pieces are refused, and each piece is charged by the size of a record", async () => {
  const network = testNetwork();
  const database = new CrashableDatabase();
  const inbox = await open(network, database);
  for (const slot of [1, 2]) await inbox.onGossip(encode(twoHeaders("A", slot)), "peer");
  inbox.serve();
  for (const limit of [0, maxEvidencePerRequest + 1])
    await expect(network.ask(limit)).rejects.toMatchObject({ code: "invalidRequest" });
  expect(network.reads).toEqual([]);
  expect(await network.ask(1)).toHaveLength(1);
  expect(await network.ask(maxEvidencePerRequest)).toHaveLength(2);
  expect(network.reads.map(({ bytes }) => bytes)).toEqual([recordBytes, recordBytes, recordBytes]);
});

test("a pull asks for as many pieces as a request may, and a peer that cannot be asked is not blamed", async () => {
  const limits: number[] = [];
  const asked = testNetwork(async function* ({ limit }) {
    limits.push(limit);
    yield* [];
  });
  await (await open(asked)).pull("peer");
  const failing = testNetwork(async function* () {
    yield* [];
    throw new Error("gone");
  });
  await (await open(failing)).pull("peer");
  expect(limits).toEqual([maxEvidencePerRequest]);
  expect(failing.offences()).toEqual([]);
});
