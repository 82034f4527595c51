import { describe, expect, test } from "vitest";
import { genesisSnapshot } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { diagnose } from "../../../src/node/diagnosis.ts";
import type {
  ActivityInput,
  ChainInput,
  DiagnosisInput,
  FinalityInput,
  PeerInput,
} from "../../../src/node/diagnosis-types.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";
import { addressOf } from "../consensus/test-chain.ts";

const now = 1_700_000_000_000;
const written = (name: string) => encodeAddress(addressOf(name));

/** Makes a peer that has a correct clock. */
function peer(id: string, fields: Partial<PeerInput> = {}): PeerInput {
  const address = `/ip4/10.0.0.1/tcp/1/p2p/${id}`;
  const known = { host: id, address, chosen: false, connectedAtMs: now - 30_000, isFollowed: true };
  return { id, ...known, clockOffsetMs: 3, roundTripMs: 2, ...fields };
}

function activity(names: string, lastHeight: number): [string, ActivityInput][] {
  return [...names].map((name) => [
    toHex(addressOf(name)),
    { lastHeight, lastBlockMs: now - 2_000, lastVoteMs: undefined, sinceHeight: 0 },
  ]);
}

/**
 * Makes a chain of A, B, C and D, whose head at height 120 is half a second old. D and C signed the last two blocks;
 * this node is C.
 */
function chain(fields: Partial<ChainInput> = {}, recent = "DC", authorities = "ABCD"): ChainInput {
  const recentSigners = [...recent].map((name, index) => ({
    height: 120 - recent.length + 1 + index,
    proposer: addressOf(name),
  }));
  return {
    head: { height: 120, id: "0x01", timestampMs: now - 500 },
    rivals: [],
    sinceMs: now - 450,
    snapshot: {
      ...genesisSnapshot(testChainConfig({ authorities: [...authorities].map(addressOf) })),
      recentSigners,
    },
    periodMs: 1_000,
    knownRules: 1,
    emptyBlockPeriodMs: 1_000,
    wantedSinceMs: undefined,
    nonceGap: undefined,
    activity: new Map(activity(authorities, 118)),
    finality: undefined,
    conflicts: [],
    recovery: { awaited: undefined, unknown: [], without: 0 },
    ...fields,
  };
}

/** Returns a chain whose head is `ms` old. */
function standing(ms: number): Partial<ChainInput> {
  return {
    head: { height: 120, id: "0x01", timestampMs: now - ms },
    sinceMs: now - ms,
  };
}

function input(fields: Partial<DiagnosisInput> = {}): DiagnosisInput {
  return {
    nowMs: now,
    mode: "ready",
    own: { address: addressOf("C"), mines: true, signingLock: undefined },
    peers: [peer("p1"), peer("p2"), peer("p3")],
    hasGenesis: true,
    genesisPin: undefined,
    chain: chain(),
    sync: undefined,
    shown: undefined,
    writeFailure: undefined,
    freeDiskBytes: 2 ** 40,
    unreached: [],
    ownChain: { genesisId: "0xaa", name: "ours" },
    places: { inbound: { taken: 1, limit: 96 }, crowded: [], outbound: { taken: 2, limit: 20 } },
    mainThread: { utilization: 0.2, delayMs: 30, overMs: 10_000 },
    ...fields,
  };
}

function finality(voters: string, waitingMs: number, fields: Partial<FinalityInput> = {}): FinalityInput {
  return {
    finalized: { round: 15, height: 100 },
    round: 18,
    voters: [...voters].map(addressOf),
    authorities: [..."ABCD"].map(addressOf),
    quorum: 3,
    waitingSinceMs: now - waitingMs,
    ...fields,
  };
}

/** The authorities of a larger set, which has a quorum of five. */
const setOf = (names: string) => ({ authorities: [...names].map(addressOf), quorum: 5 });

const own = (fields: Partial<DiagnosisInput["own"]>) => ({ ...input().own, ...fields });

interface Case {
  /** The `halt` of the diagnosis, with names in place of addresses. */
  halt?: object;
  name: string;
  input: DiagnosisInput;
  state: string;
  codes?: string[];
  /** Parts of the summary and the details. */
  says?: string[];
}

const cases: Case[] = [
  {
    name: "a recovery that was given is waited for",
    input: input({
      chain: chain({
        recovery: { awaited: { id: "0x07", height: 130, block: "0x08" }, unknown: [], without: 0 },
      }),
    }),
    state: "ok",
    codes: ["RECOVERY_AWAITED"],
    says: ["0x07", "block 130 (0x08)", "signs nothing"],
  },
  {
    name: "peers claim a recovery that this node was not given",
    input: input({
      chain: chain({
        recovery: {
          awaited: undefined,
          unknown: [
            { id: "0x07", height: 110, authorities: 3, addresses: 2 },
            { id: "0x09", height: 110, authorities: 1, addresses: 1 },
            ...Array.from({ length: 8 }, (_, at) => ({
              ...{ id: `0x1${at}`, height: 90, authorities: 1, addresses: 1 },
            })),
          ],
          without: 0,
        },
      }),
    }),
    state: "ok",
    codes: ["NOT_RECOVERED"],
    says: ["block 110 with 3 authorities by the recovery 0x07 (peers at 2 addresses)", "0x09", "2 more"],
  },
  {
    name: "peers were not given this node's recovery",
    input: input({ chain: chain({ recovery: { awaited: undefined, unknown: [], without: 1 } }) }),
    state: "ok",
    codes: ["PEERS_NOT_RECOVERED"],
    says: ["peers at 1 address were not given"],
  },
  {
    name: "all is well",
    input: input(),
    state: "ok",
    says: ["at height 120, 500 ms old"],
  },
  {
    name: "transactions wait for an earlier nonce, and nothing else does",
    input: input({
      chain: chain({
        nonceGap: { count: 2, idHex: "0x22f9", address: addressOf("Z"), nonce: 5, missing: 3 },
      }),
    }),
    state: "ok",
    codes: ["NONCE_GAP"],
    says: ["2 transactions wait", `0x22f9 of ${written("Z")} has nonce 5 and waits for nonce 3`, "--nonce=3"],
  },
  {
    name: "a gap of nonces on a busy chain is usual",
    input: input({
      chain: chain({
        wantedSinceMs: now - 100,
        nonceGap: { count: 1, idHex: "0x22f9", address: addressOf("Z"), nonce: 5, missing: 3 },
      }),
    }),
    state: "ok",
  },
  {
    name: "addresses that were given are not reached",
    input: input({
      unreached: Array.from({ length: 9 }, (_, at) => ({
        address: `/ip4/10.0.0.${at}/tcp/1`,
        reason: "refused",
      })),
    }),
    state: "ok",
    codes: ["UNREACHED"],
    says: [
      "not reached: /ip4/10.0.0.0/tcp/1: refused; ",
      "/ip4/10.0.0.7/tcp/1: refused; and 1 more",
      "(its --max-per-address)",
    ],
  },
  {
    name: "an address that was given is of another chain",
    input: input({
      unreached: [
        {
          address: "/ip4/10.0.0.1/tcp/1",
          reason: "it is of another chain",
          otherChain: { peer: "p9", genesisId: "0xbb", name: "theirs" },
        },
        { address: "/ip4/10.0.0.2/tcp/1", reason: "refused" },
      ],
    }),
    state: "ok",
    codes: ["OTHER_CHAIN", "UNREACHED"],
    says: [
      'these are of another chain: /ip4/10.0.0.1/tcp/1 (p9) is of "theirs", 0xbb; this node is of "ours", 0xaa',
      "not reached: /ip4/10.0.0.2/tcp/1: refused",
    ],
  },
  {
    name: "an address that was given to a node that looks for another chain",
    input: input({
      chain: undefined,
      hasGenesis: false,
      genesisPin: "0xaa",
      ownChain: { genesisId: "0xaa", name: undefined },
      unreached: [
        {
          address: "/ip4/10.0.0.1/tcp/1",
          reason: "it is of another chain",
          otherChain: { peer: "p9", genesisId: "0xbb", name: undefined },
        },
      ],
    }),
    state: "no-genesis",
    codes: ["OTHER_CHAIN"],
    says: ["(p9) is of 0xbb; this node is of 0xaa"],
  },
  {
    name: "everything comes through one node",
    input: input({ peers: [peer("p1", { connectedAtMs: now - 90_000 })] }),
    state: "ok",
    codes: ["SINGLE_LINK"],
    says: ["through one other, p1 at /ip4/10.0.0.1/tcp/1/p2p/p1, for 90 s"],
  },
  {
    name: "a node that has just found its first peer",
    input: input({ peers: [peer("p1")] }),
    state: "ok",
  },
  {
    name: "a network of two authorities",
    input: input({ peers: [peer("p1", { connectedAtMs: now - 90_000 })], chain: chain({}, "D", "CD") }),
    state: "ok",
  },
  {
    name: "all places are taken, inbound and outbound",
    input: input({
      places: {
        inbound: { taken: 96, limit: 96 },
        crowded: ["10.0.0.7"],
        outbound: { taken: 20, limit: 20 },
      },
    }),
    state: "ok",
    codes: ["NO_PLACE", "CROWDED_ADDRESS", "ENOUGH_DIALLED"],
    says: ["all 96 places", "10.0.0.7 has as many", "--max-per-address", "has dialled 20 other nodes"],
  },
  {
    name: "the main thread is busy, and a block is late by that",
    input: input({
      chain: chain(standing(5_000), "AB"),
      mainThread: { utilization: 0.976, delayMs: 1_800, overMs: 10_000 },
    }),
    state: "halted",
    codes: ["BUSY", "OWN_BLOCK_LATE", "MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: ["worked 97 % of the last 10 s, and timers were up to 2 s late", "does not keep up (see BUSY)"],
  },
  {
    name: "a download uses the whole main thread",
    input: input({ mode: "boot", mainThread: { utilization: 1, delayMs: 100, overMs: 10_000 } }),
    state: "syncing",
  },
  {
    name: "every peer went through a recovery that this node was not given: it is not healthy from the beginning",
    input: input({ peers: [peer("p1", { isFollowed: false }), peer("p2", { isFollowed: false })] }),
    state: "halted",
    codes: ["NO_PEERS"],
    says: ["every connected node has gone through other recoveries than this one"],
  },
  {
    name: "one peer that follows the same chain is enough",
    input: input({ peers: [peer("p1", { isFollowed: false }), peer("p2")] }),
    state: "ok",
  },
  {
    name: "nobody knows yet whether a peer went through other recoveries",
    input: input({ peers: [peer("p1", { isFollowed: false }), peer("p2", { isFollowed: undefined })] }),
    state: "waiting",
    codes: ["NO_PEERS"],
  },
  {
    name: "all is well on a chain with a long period",
    input: input({ chain: chain({ ...standing(30_000), periodMs: 600_000, emptyBlockPeriodMs: 600_000 }) }),
    state: "ok",
    says: ["at height 120, 30 s old, next block in 9 min 30 s"],
  },
  {
    name: "all is well, with finality behind by what is usual",
    input: input({ chain: chain({ finality: finality("ABCD", 600) }) }),
    state: "ok",
    says: ["final up to 100"],
  },
  {
    name: "the last authority has voted itself out",
    input: input({ chain: chain(standing(600), "", "") }),
    state: "halted",
    codes: ["NO_AUTHORITIES"],
    says: ["no authority is left: the chain has ended at height 120", "nobody may sign block 121"],
  },
  {
    name: "a certificate shows that another block is final",
    input: input({
      chain: chain({
        conflicts: [{ height: 90, own: "0x0a", otherHeight: 91, other: "0x0b" }],
      }),
    }),
    state: "waiting",
    codes: ["CONFLICTING_FINALITY"],
    says: [
      "another block at height 91 is final for others",
      "0x0a is final here, and a quorum has signed for 0x0b at height 91",
    ],
  },
  {
    name: "a block out of turn is waited for",
    input: input({ chain: chain(standing(2_200)) }),
    state: "ok",
  },
  {
    name: "a block is late",
    input: input({ chain: chain(standing(2_900)) }),
    state: "waiting",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
  },
  {
    name: "two of four are dead: the two others have signed recently",
    input: input({ chain: chain(standing(36_000)) }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: [
      "at height 120, the next block is 35 s late; 1 of 2 missing authorities needed",
      `${written("A")} (signed block 118, 2 s ago)`,
      "any one keeps the chain going (3 of 4 must sign)",
    ],
    halt: {
      ...{ authorities: 4, silentCount: 2, silent: ["A", "B"].map(written) },
      ...{ awaited: ["A", "B"].map(written), needed: 1, own: false },
    },
  },
  {
    name: "a halt on a slow chain begins after three periods",
    input: input({
      chain: chain({ ...standing(3_000_000), periodMs: 600_000, emptyBlockPeriodMs: 600_000 }),
    }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
  },
  {
    name: "a slow chain waits before that",
    input: input({
      chain: chain({ ...standing(2_000_000), periodMs: 600_000, emptyBlockPeriodMs: 600_000 }),
    }),
    state: "waiting",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
  },
  {
    name: "a fast chain halts after 3 s",
    input: input({ chain: chain({ ...standing(3_200), periodMs: 100, emptyBlockPeriodMs: 100 }) }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
  },
  {
    name: "nobody has signed since genesis, and this node is no authority",
    input: input({
      own: own({ address: addressOf("Z") }),
      chain: chain({ ...standing(60_000), activity: new Map() }, ""),
    }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES"],
    says: ["3 of 4 missing authorities needed", "(not seen)", "any one continues the chain, 3 keep it going"],
  },
  {
    name: "this node may sign and does not",
    input: input({ chain: chain(standing(60_000), "DA") }),
    state: "halted",
    codes: ["OWN_BLOCK_LATE", "MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: ["this node may sign it", "any one keeps the chain going"],
  },
  {
    name: "only this node may sign",
    input: input({
      peers: [peer("p1")],
      chain: chain(standing(60_000), "A", "AC"),
    }),
    state: "halted",
    codes: ["OWN_BLOCK_LATE", "SIGNED_RECENTLY"],
    says: ["only this node may sign it"],
    halt: { authorities: 2, silentCount: 0, silent: [], awaited: [], needed: 1, own: true },
  },
  {
    name: "this node is an authority that does not mine",
    input: input({ own: own({ mines: false }), chain: chain(standing(60_000), "DA") }),
    state: "halted",
    codes: ["NOT_MINING", "MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: ["--no-mine"],
  },
  {
    name: "it says so while the chain goes on without it",
    input: input({ own: own({ mines: false }) }),
    state: "ok",
    codes: ["NOT_MINING"],
  },
  {
    name: "slashing protection holds this node back",
    input: input({
      own: own({ signingLock: { headers: true, votes: true, reason: "it may be older", isFinal: false } }),
    }),
    state: "ok",
    codes: ["SIGNING_LOCKED"],
    says: ["signs nothing: it may be older"],
  },
  {
    name: "another copy of this node signs",
    input: input({
      own: own({ signingLock: { headers: true, votes: true, reason: "another copy signs", isFinal: true } }),
    }),
    state: "ok",
    codes: ["SIGNING_LOCKED"],
    says: ["stop the other copy of this node, then start this one again"],
  },
  {
    name: "slashing protection holds its votes back",
    input: input({
      own: own({ signingLock: { headers: false, votes: true, reason: "it may be older", isFinal: false } }),
    }),
    state: "ok",
    codes: ["SIGNING_LOCKED"],
    says: ["casts no finality votes", "signed; the log says more"],
  },
  {
    name: "slashing protection holds back the votes of the only authority",
    input: input({
      own: own({ signingLock: { headers: false, votes: true, reason: "it may be older", isFinal: false } }),
      chain: chain({}, "", "C"),
    }),
    state: "ok",
    codes: ["SIGNING_LOCKED"],
    says: ["once another node has answered: start one"],
  },
  {
    name: "quiet because no transactions: no empty blocks",
    input: input({ chain: chain({ ...standing(5_000_000), emptyBlockPeriodMs: 0 }) }),
    state: "ok",
    codes: ["QUIET"],
    says: ["quiet until a transaction comes"],
  },
  {
    name: "a transaction waits on a chain without empty blocks",
    input: input({
      chain: chain({ ...standing(5_000_000), emptyBlockPeriodMs: 0, wantedSinceMs: now - 9_000 }),
    }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: ["the next block is 9 s late"],
  },
  {
    name: "an old head right after the start says nothing",
    input: input({ chain: chain({ ...standing(5_000_000), sinceMs: now - 900 }) }),
    state: "ok",
  },
  {
    name: "one of four is silent",
    input: input({ chain: chain({ activity: new Map([...activity("BCD", 118), ...activity("A", 90)]) }) }),
    state: "ok",
    codes: ["SILENT_AUTHORITIES"],
    says: [
      "1 of 4 authorities sign nothing",
      "one more that fails halts the chain",
      "1 of 4 authorities are",
    ],
  },
  {
    name: "two of five are silent",
    input: input({
      chain: chain({ activity: new Map(activity("BCD", 118)) }, "DC", "ABCDE"),
    }),
    state: "ok",
    codes: ["SILENT_AUTHORITIES"],
    says: ["2 of 5 authorities sign nothing", "one more that fails halts the chain"],
  },
  {
    name: "one that votes on finality is not silent",
    input: input({
      chain: chain({
        activity: new Map([
          ...activity("BCD", 118),
          [
            toHex(addressOf("A")),
            { lastHeight: undefined, lastBlockMs: undefined, lastVoteMs: now - 900, sinceHeight: 0 },
          ],
        ]),
      }),
    }),
    state: "ok",
  },
  {
    name: "a new authority has had no turn yet",
    input: input({
      chain: chain({
        activity: new Map([
          ...activity("BCD", 118),
          [
            toHex(addressOf("A")),
            { lastHeight: undefined, lastBlockMs: undefined, lastVoteMs: undefined, sinceHeight: 116 },
          ],
        ]),
      }),
    }),
    state: "ok",
  },
  {
    name: "a majority without a quorum: blocks come, finality waits",
    input: input({ chain: chain({ finality: finality("CD", 20_000) }) }),
    state: "waiting",
    codes: ["FINALITY_WAITING"],
    says: [
      "at height 120, but final only up to 100: 1 vote missing",
      "round 18 has 2 votes of 4 authorities, 3 are needed: 1 more of",
      written("A"),
    ],
  },
  {
    name: "votes that do not agree",
    input: input({ chain: chain({ finality: finality("BCD", 20_000) }) }),
    state: "waiting",
    codes: ["FINALITY_WAITING"],
    says: ["the votes do not agree yet"],
  },
  {
    name: "finality that a removal brings back",
    input: input({ chain: chain({ finality: finality("BCDE", 20_000, setOf("ABCDEF")) }, "DC", "ABCDEF") }),
    state: "waiting",
    codes: ["FINALITY_WAITING"],
    says: ["can be voted out by a majority of all (ccoin propose remove)"],
  },
  {
    name: "finality that no removal brings back",
    input: input({ chain: chain({ finality: finality("BCDE", 20_000, setOf("ABCDEFG")) }, "DC", "ABCDEFG") }),
    state: "waiting",
    codes: ["FINALITY_WAITING"],
    says: ["voting one out would not be enough", "ccoin recover"],
  },
  {
    name: "a halt and a finality that waits",
    input: input({ chain: chain({ ...standing(60_000), finality: finality("CD", 50_000) }) }),
    state: "halted",
    codes: ["MISSING_AUTHORITIES", "SIGNED_RECENTLY", "FINALITY_WAITING"],
  },
  {
    name: "no peers",
    input: input({ peers: [] }),
    state: "waiting",
    codes: ["NO_PEERS"],
    says: ["at height 120 without any peer"],
  },
  {
    name: "a connection with somebody who has not said that it follows this chain",
    input: input({ peers: [peer("stranger", { isFollowed: undefined })] }),
    state: "waiting",
    codes: ["NO_PEERS"],
    says: [
      "at height 120 without any peer",
      "none of the 1 connection is with a node that follows this chain",
    ],
  },
  {
    name: "a sole authority needs no peers",
    input: input({ peers: [], chain: chain({}, "", "C") }),
    state: "ok",
  },
  {
    name: "a download",
    input: input({ mode: "boot", sync: { height: 40, targetHeight: 900 } }),
    state: "syncing",
    says: ["at height 40 of 900"],
  },
  {
    name: "starting",
    input: input({ mode: "boot", peers: [peer("p1")] }),
    state: "syncing",
    says: ["asks its peers"],
  },
  {
    name: "behind a chain that was shown",
    input: input({ peers: [peer("p1"), peer("p2")], shown: { peer: "p2", height: 300 } }),
    state: "syncing",
    codes: ["BEHIND"],
    says: ["peer p2 has shown a better chain up to height 300, this node is at 120"],
  },
  {
    name: "a chain that is a few blocks better is on its way",
    input: input({ shown: { peer: "p2", height: 123 } }),
    state: "ok",
  },
  {
    name: "no genesis",
    input: input({ mode: "boot", hasGenesis: false, chain: undefined, peers: [] }),
    state: "no-genesis",
    codes: ["NO_PEERS"],
  },
  {
    name: "no genesis, where one is pinned",
    input: input({ mode: "boot", hasGenesis: false, genesisPin: "0xab", chain: undefined }),
    state: "no-genesis",
    says: ["waits for a peer that has 0xab"],
  },
  {
    name: "a chain that is still being loaded",
    input: input({ mode: "boot", chain: undefined, peers: [] }),
    state: "syncing",
    codes: [],
    says: ["loads its chain from the disk"],
  },
  {
    name: "the own clock is wrong",
    input: input({
      peers: [
        peer("p1", { clockOffsetMs: 5_000 }),
        peer("p2", { clockOffsetMs: 5_100 }),
        peer("p3", { clockOffsetMs: 40 }),
      ],
    }),
    state: "ok",
    codes: ["OWN_CLOCK"],
    says: ["5.1 s behind those of peers at 2 of 3 addresses"],
  },
  {
    name: "many ids of one address say that the own clock is wrong",
    input: input({
      peers: [
        ...Array.from({ length: 90 }, (_, at) => peer(`id${at}`, { host: "evil", clockOffsetMs: 60_000 })),
        peer("p1"),
      ],
    }),
    state: "ok",
    codes: ["PEER_CLOCKS"],
  },
  {
    name: "peers that connected by themselves, from many addresses, say that the own clock is wrong",
    input: input({
      peers: [
        ...Array.from({ length: 90 }, (_, at) => peer(`id${at}`, { clockOffsetMs: 60_000 })),
        peer("p1", { chosen: true }),
        peer("p2", { chosen: true, clockOffsetMs: -2_000 }),
      ],
    }),
    state: "ok",
    codes: ["PEER_CLOCKS"],
    says: ["clocks differ from this node's: p2 by -2.0 s, id0"],
  },
  {
    name: "the peers of the node's own choice say that its clock is wrong, and many others that it is right",
    input: input({
      peers: [
        ...Array.from({ length: 90 }, (_, at) => peer(`id${at}`)),
        ...["p1", "p2"].map((id) => peer(id, { chosen: true, clockOffsetMs: 5_000 })),
      ],
    }),
    state: "ok",
    codes: ["OWN_CLOCK"],
    says: ["5.0 s behind those of peers at 2 of 2 addresses"],
  },
  {
    name: "all peers of one machine say that the own clock is wrong",
    input: input({
      peers: ["p1", "p2", "p3"].map((id) => peer(id, { host: "same", clockOffsetMs: 5_000 })),
    }),
    state: "ok",
    codes: ["PEER_CLOCKS"],
  },
  {
    name: "a peer's clock is wrong",
    input: input({ peers: [peer("p1"), peer("p2"), peer("p3", { clockOffsetMs: -2_500 })] }),
    state: "ok",
    codes: ["PEER_CLOCKS"],
    says: ["p3 by -2.5 s"],
  },
  {
    name: "one of two clocks is wrong",
    input: input({ peers: [peer("p1", { clockOffsetMs: 800 })] }),
    state: "ok",
    codes: ["PEER_CLOCKS"],
    says: ["p1 by +800 ms"],
  },
  {
    name: "a slow line explains an offset",
    input: input({ peers: [peer("p1", { clockOffsetMs: 800, roundTripMs: 900 }), peer("p2")] }),
    state: "ok",
  },
  {
    name: "competing heads in a halt",
    input: input({ chain: chain({ ...standing(60_000), rivals: [{ height: 120, id: "0x02" }] }) }),
    state: "halted",
    codes: ["COMPETING_HEADS", "MISSING_AUTHORITIES", "SIGNED_RECENTLY"],
    says: ["2 heads: 0x01 at height 120, which is this node's, and 0x02 at 120"],
  },
  {
    name: "two heads for a moment",
    input: input({ chain: chain({ rivals: [{ height: 120, id: "0x02" }] }) }),
    state: "ok",
  },
  {
    name: "the chain goes on by later rules: nothing else is said of it",
    input: input({
      mode: "boot",
      chain: chain({
        ...standing(60_000),
        snapshot: genesisSnapshot(testChainConfig({ authorities: [addressOf("A")], rules: 2 })),
      }),
    }),
    state: "halted",
    codes: ["UNKNOWN_RULES"],
    says: ["stopped at height 120", "version 2 of the rules, and this program knows versions up to 1"],
  },
  {
    name: "the disk cannot be written",
    input: input({ writeFailure: "No space left on device", freeDiskBytes: 4096 }),
    state: "halted",
    codes: ["WRITE_FAILED", "DISK_LOW"],
    says: ["the database cannot be written", "0 MiB left"],
  },
];

describe("a diagnosis", () => {
  test.each(cases)("$name", ({ input, state, codes = [], says = [], halt }) => {
    const diagnosis = diagnose(input);
    expect(diagnosis.state).toBe(state);
    expect(diagnosis.findings.map(({ code }) => code)).toEqual(codes);
    const texts = diagnosis.findings.flatMap(({ detail, remedy }) => [detail, remedy]);
    const text = [diagnosis.summary, ...texts].join("\n");
    for (const part of says) expect(text).toContain(part);
    for (const { detail, remedy } of diagnosis.findings) {
      expect(detail).not.toMatch(/\n|undefined|NaN|Infinity/);
      expect(remedy).not.toBe("");
    }
    expect(diagnosis.summary).not.toMatch(/\n|undefined|NaN|Infinity/);
    if (halt) expect(diagnosis.halt).toEqual(halt);
    if (state === "ok") expect(diagnosis).not.toHaveProperty("halt");
  });

  test("counts an authority that may not sign as silent once it has sent nothing for a minute", () => {
    const heard = (agoMs: number) => {
      const seen = activity("ABCD", 118).map(([key, each]) => [key, { ...each, lastBlockMs: now - 70_000 }]);
      const all = new Map(seen as [string, ActivityInput][]);
      all.set(toHex(addressOf("D")), { ...all.get(toHex(addressOf("D")))!, lastVoteMs: now - agoMs });
      return diagnose(input({ chain: chain({ ...standing(70_000), activity: all }) })).halt!.silent;
    };
    expect(heard(59_000)).toEqual(["A", "B"].map(written));
    expect(heard(60_000)).toEqual(["A", "B", "D"].map(written));
  });

  test("advises a recovery only where none is known", () => {
    const remedyWith = (unknown: ChainInput["recovery"]["unknown"]) => {
      const recovery = { awaited: undefined, unknown, without: 0 };
      const halted = chain({ ...standing(60_000), finality: finality("C", 50_000), recovery });
      const { findings } = diagnose(input({ chain: halted }));
      return ["MISSING_AUTHORITIES", "FINALITY_WAITING"].map(
        (name) => findings.find(({ code }) => code === name)!.remedy,
      );
    };
    for (const remedy of remedyWith([])) expect(remedy).toContain("ccoin recover");
    const known = remedyWith([{ id: "0x07", height: 110, authorities: 3, addresses: 2 }]);
    for (const remedy of known) expect(remedy).not.toContain("ccoin recover");
  });

  test("names only as many authorities as people can read", () => {
    const authorities = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const { findings } = diagnose(input({ chain: chain(standing(60_000), "DC", authorities) }));
    const missing = findings.find(({ code }) => code === "MISSING_AUTHORITIES")!;
    expect(missing.detail).toMatch(/and 16 more/);
  });

  test.each(["ok", "waiting", "halted"])(
    "claims of strangers change nothing in a diagnosis that is %s but what it says of clocks",
    (state) => {
      const { input: quiet } = cases.find(
        (one) => one.state === state && one.input.peers.some(({ isFollowed }) => isFollowed),
      )!;
      const liars = Array.from({ length: 90 }, (_, at) =>
        peer(`liar${at}`, { clockOffsetMs: at * 1_000, isFollowed: false }),
      );
      const { findings, ...said } = diagnose({ ...quiet, peers: [...quiet.peers, ...liars] });
      const others = findings.filter(({ code }) => code !== "OWN_CLOCK" && code !== "PEER_CLOCKS");
      expect(findings).not.toEqual(others);
      expect({ ...said, findings: others }).toEqual(diagnose(quiet));
      expect(said.state).toBe(state);
    },
  );

  test("works for the largest set", () => {
    const names = Array.from({ length: 1024 }, (_, index) => `n${index}`);
    const snapshot = genesisSnapshot(testChainConfig({ authorities: names.map(addressOf) }));
    expect(diagnose(input({ chain: chain({ ...standing(600_000), snapshot }) })).state).toBe("halted");
  });
});
