import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { maxPeersPerRequest, maxRecordBytes } from "../../../protocols/index.ts";
import { defaultScrypt } from "../../../src/accounts/keystore.ts";
import { dearReadLimits } from "../../../src/api/dear-reads.ts";
import { defaultHttpLimits } from "../../../src/api/limits.ts";
import { quickReadMs } from "../../../src/api/whole-blocks.ts";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { keptOutbound, maxOutbound, wantedOutbound } from "../../../src/network/connections.ts";
import { lastedMs } from "../../../src/network/dialer.ts";
import { uselessQuota } from "../../../src/network/gossip.ts";
import { controlQuota, partsQuota, rpcLimits, rpcQuota } from "../../../src/network/gossip-guard.ts";
import { handshakeTimeoutMs, maxStreamsPerConnection } from "../../../src/network/host.ts";
import { inboundLimits } from "../../../src/network/inbound.ts";
import { maxKnownPeers, maxKnownPerHost } from "../../../src/network/known-peers.ts";
import { exchangeLimits } from "../../../src/network/peer-exchange.ts";
import { banMs, banScore, halfLifeMs } from "../../../src/network/scores.ts";
import { serveLimits } from "../../../src/network/serve-budget.ts";
import { toldLimits } from "../../../src/network/told.ts";

const page = readFileSync(new URL("../../../SECURITY.md", import.meta.url), "utf8");
const text = (count: number) => count.toLocaleString("en-US");
const megabytes = (bytes: number) => `${bytes / 2 ** 20} MiB`;
const { rate, localRate } = defaultHttpLimits;

/** The values of the code by the first cell of the tables of limits. */
const values: [limit: string, value: string][] = [
  [
    "connections that come in",
    `${inboundLimits.places} that come in, ${inboundLimits.placesPerHost} of them from one address and ${inboundLimits.placesPerPeer} of one peer`,
  ],
  [
    "connections that go out",
    `${maxOutbound} that the node dials, ${keptOutbound} of them kept for peers of its own choice`,
  ],
  [
    "connections being set up",
    `${inboundLimits.handshakes} being set up, ${inboundLimits.handshakesPerHost} of them from one address, for ${handshakeTimeoutMs / 1_000} s each`,
  ],
  [
    "handshakes",
    `${inboundLimits.ratePerHost.requests} at once and ${(1_000 * inboundLimits.ratePerHost.requests) / inboundLimits.ratePerHost.perMs} a second from an address, ` +
      `${inboundLimits.ratePerGroup.requests} and ${(1_000 * inboundLimits.ratePerGroup.requests) / inboundLimits.ratePerGroup.perMs} from an IPv4 /24 or IPv6 /48`,
  ],
  [
    "handshakes without a place",
    `one in ${inboundLimits.rateOfCrowded.perMs / inboundLimits.rateOfCrowded.requests / 1_000} s from an address for which there is no place`,
  ],
  [
    "dials",
    `of one address ${toldLimits.perHost.requests} a minute, of other places than the teller's own ${toldLimits.elsewherePerTeller.requests} in ` +
      `${toldLimits.elsewherePerTeller.perMs / 60_000} minutes for each address that tells; a connection shorter than ${lastedMs / 1_000} s counts as failed`,
  ],
  [
    "peers that others tell of",
    `${maxPeersPerRequest} in an answer, ${maxRecordBytes / 1024} KiB each, every one signed by the peer itself; asked of ${exchangeLimits.atOnce} peers in ` +
      `${exchangeLimits.everyMs / 1_000} s, and dialled 2 at a time, while the node has dialled fewer than ${wantedOutbound} peers`,
  ],
  ["address book", `${maxKnownPeers} peers that stayed once, ${maxKnownPerHost} of one address`],
  ["streams", `${maxStreamsPerConnection} a connection`],
  [
    "serving",
    `${megabytes(serveLimits.perPeer.requests)} in ${serveLimits.perPeer.perMs / 1_000} s for a peer, ${megabytes(serveLimits.perHost.requests)} for an address, ` +
      `${text(serveLimits.inAll.requests / 2 ** 20)} MiB in all, of bytes read from the disk and bytes sent`,
  ],
  [
    "answers not read yet",
    `${megabytes(serveLimits.heldPerHost)} that an address has not read yet, ` +
      `${megabytes(serveLimits.heldInAll)} in all; answers wait for ${serveLimits.maxWaitMs / 1_000} s at most`,
  ],
  [
    "one gossip RPC",
    `${rpcLimits.subscriptions} subscriptions, ${rpcLimits.messages} messages, ${rpcLimits.controlMessages} control messages a kind, ` +
      `${text(rpcLimits.ids)} ids, ${rpcLimits.unknown} unknown fields`,
  ],
  [
    "gossip RPCs",
    `${text(rpcQuota.requests)} in ${rpcQuota.perMs / 1_000} s a peer, which hold ${text(partsQuota.requests)} parts; ` +
      `${controlQuota.requests} of them with control messages alone`,
  ],
  ["useless gossip", `${text(uselessQuota.requests)} messages in ${uselessQuota.perMs / 1_000} s a peer`],
  [
    "peer score",
    `halves in ${halfLifeMs / 60_000} minutes; a ban at ${banScore} lasts ${banMs / 60_000} minutes`,
  ],
  [
    "mempool",
    `${text(defaultMempoolLimits.maxCount)} transactions or ${megabytes(defaultMempoolLimits.maxBytes)}`,
  ],
  [
    "transactions of an account",
    `${text(defaultMempoolLimits.maxPerAccount)} an account, nonces ${defaultMempoolLimits.maxNonceGap} ahead; ` +
      `${text(defaultMempoolLimits.maxAhead)} wait for a missing nonce`,
  ],
  [
    "lowest accepted fee",
    `from half on the least fee doubles every ${text(Math.ceil(defaultMempoolLimits.maxCount / 128))} transactions`,
  ],
  ["HTTP connections", `${text(defaultHttpLimits.maxConnections)} connections`],
  [
    "requests",
    `${text(rate.perSecond)} requests a second and address (burst ${text(rate.burst)}), from the machine itself ${text(localRate.perSecond)}`,
  ],
  [
    "time of a request",
    `${defaultHttpLimits.headersTimeoutMs / 1_000} s for headers, ${defaultHttpLimits.requestTimeoutMs / 1_000} s for a request`,
  ],
  [
    "bodies",
    `bodies ${megabytes(defaultHttpLimits.maxJsonBytes)} (JSON), ${megabytes(defaultHttpLimits.maxSszBytes)} (SSZ), ` +
      `${megabytes(defaultHttpLimits.maxBodyBytesInFlight)} in all`,
  ],
  [
    "blocks in answers",
    `${megabytes(defaultHttpLimits.maxBlockBytesAtOnce)} of blocks in answers, half of it for one address, ` +
      `of which answers that were not read within ${quickReadMs / 1_000} s give way to those of an address with less`,
  ],
  [
    "unread answers",
    `an answer is read at ${defaultHttpLimits.leastReadBytesPerSecond / 1024} KiB/s at least, and ` +
      `${megabytes(defaultHttpLimits.maxUnreadBytesPerClient)} of them wait for one address, ${megabytes(defaultHttpLimits.maxUnreadBytes)} for all`,
  ],
  [
    "time for expensive reads",
    `${dearReadLimits.time.requests} ms of the main thread in ${text(dearReadLimits.time.perMs)} ms for all other machines together`,
  ],
  [
    "waiting expensive reads",
    `${dearReadLimits.waitingPerClient} waiting for one address, ${dearReadLimits.waiting} in all`,
  ],
  ["event streams", String(defaultHttpLimits.maxEventStreams)],
];

test.each(values)("the limit of %s is the code's", (limit, value) => {
  const rows = page.split("\n").filter((line) => line.startsWith(`| ${limit} |`));
  expect(rows).toHaveLength(1);
  expect(rows[0]!.split("|")[2]).toContain(value);
});

/** A note is `[^label]: ` and citations, separated by semicolons. It may go on in indented lines. */
const notes = new Map(
  [...page.matchAll(/^\[\^([\w-]+)\]: (.+(?:\n {4}.+)*)/gm)].map(([, label, cited]) => [
    label!,
    cited!.replaceAll(/\n {4}/g, " "),
  ]),
);
/** A citation is `path`: a part of the test's name, or the path alone. */
const citation = /`(test\/[\w./-]+\.test\.ts)`(?:: (.+?)(?=; `test\/|$))?/g;

/** Rows of tables and points of lists, without what is out of scope. */
const claims = page
  .slice(page.indexOf("\n## Who can do what"), page.indexOf("\n## Out of scope"))
  .trim()
  .split(/\n(?=- |\|)|\n\n/)
  .filter((part) => /^(- |\| (?!--- |.+ shown by \|$))/.test(part));

test("every claim about what somebody can or cannot do, and every limit, has a note", () => {
  expect(claims.length).toBeGreaterThan(170);
  expect(claims.filter((claim) => !/\[\^[\w-]+\]( \|)?$/.test(claim))).toEqual([]);
});

test("every note belongs to a claim, and every claim's note is there", () => {
  const referred = [...page.matchAll(/\[\^([\w-]+)\](?!:)/g)].map(([, label]) => label!);
  expect(referred.toSorted()).toEqual([...notes.keys()].toSorted());
});

test.each([...notes])("%s: the tests that show it are there", (_label, by) => {
  const cited = [...by.matchAll(citation)];
  expect(cited.length).toBeGreaterThan(0);
  expect(cited.map(([whole]) => whole).join("; ")).toBe(by);
  for (const [, file, name] of cited) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
    if (name !== undefined) expect(source.replaceAll('\\"', '"')).toContain(name);
  }
});

test("the cost of a passphrase is the code's, and enough", () => {
  const { n, r, p } = defaultScrypt;
  expect(n).toBeGreaterThanOrEqual(2 ** 17);
  expect(page).toContain(`N = 2^${Math.log2(n)}, r = ${r}, p = ${p}`);
});
