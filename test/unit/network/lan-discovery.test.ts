import { createSocket } from "node:dgram";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, onTestFinished, test } from "vitest";
import { answerEveryMs, heardQuotas, lanDiscovery } from "../../../src/network/lan-discovery.ts";
import { Link } from "../../../src/network/link.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { ManualClock } from "../support/clock.ts";

interface Packet {
  type: string;
  answers: { type: string; data: unknown }[];
  additionals: { type: string; data: unknown }[];
}

/** Resolves to an unused UDP port. */
async function unusedPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined });
const serviceTag = "_ccoin._tcp.local";
const peer = "12D3KooWRm8J3iL796zPFi2EtGGtUJn58AG67gcqzMuxXJGn9H6V";

/** Discovery that hears what the test says, and whose answers are counted. */
function onNoNetwork() {
  const clock = new ManualClock();
  const found: { id: string; from: string }[] = [];
  const answers: unknown[] = [];
  const components = {
    logger: { forComponent: () => log },
    addressManager: { getAddresses: () => [multiaddr(`/ip4/192.168.7.3/tcp/1/p2p/${peer}`)] },
  };
  const options = {
    clock,
    link: new Link(clock, () => [{ address: "192.168.7.3", prefix: 16 }]),
    onFound: (peer: { id: object }, from: { host: string }) =>
      found.push({ id: peer.id.toString(), from: from.host }),
  };
  const discovery = lanDiscovery({ serviceTag }, options)(components as never) as never as {
    mdns: object;
    _onMdnsQuery(packet: object): void;
    _onMdnsResponse(packet: object, sender: object): void;
  };
  discovery.mdns = { respond: (answer: unknown) => answers.push(answer) };
  const ask = (name = serviceTag) => discovery._onMdnsQuery({ questions: [{ type: "PTR", name }] });
  const say = (name = serviceTag, sender = "192.168.7.3") =>
    discovery._onMdnsResponse(
      {
        answers: [
          { type: "PTR", name, data: `abc.${name}` },
          { type: "TXT", name: `abc.${name}`, data: [`dnsaddr=/ip4/192.168.7.4/tcp/1/p2p/${peer}`] },
        ],
        additionals: [],
      },
      { address: sender, port: 5_353 },
    );
  return { clock, found, answers, ask, say };
}

test("answers any number of questions in a second once, and once more for those after the answer", async () => {
  const { clock, answers, ask } = onNoNetwork();
  ask();
  expect(answers).toHaveLength(1);
  for (let count = 0; count < 1_000; count++) ask();
  expect(answers).toHaveLength(1);
  await clock.advance(answerEveryMs);
  expect(answers).toHaveLength(2);
  await clock.advance(10 * answerEveryMs);
  expect(answers).toHaveLength(2);
  ask();
  expect(answers).toHaveLength(3);
});

test("does not answer questions for other services, and does not let them delay an answer", () => {
  const { answers, ask } = onNoNetwork();
  for (let count = 0; count < 10; count++) ask("_http._tcp.local");
  expect(answers).toHaveLength(0);
  ask();
  expect(answers).toHaveLength(1);
});

test("reads a bounded number of a flood of answers, without counting those of other services", async () => {
  const { clock, found, say } = onNoNetwork();
  for (let count = 0; count < 1_000; count++) say("_http._tcp.local");
  for (let count = 0; count < 1_000; count++) say();
  expect(found).toHaveLength(heardQuotas.inAll.requests);
  expect(found[0]).toEqual({ id: peer, from: "127.0.0.1" });
  await clock.advance(heardQuotas.inAll.perMs);
  say();
  expect(found).toHaveLength(heardQuotas.inAll.requests + 1);
});

test("one machine that floods answers leaves room for those of others", () => {
  const { found, say } = onNoNetwork();
  for (let count = 0; count < 1_000; count++) say(serviceTag, "192.168.9.9");
  expect(found).toHaveLength(heardQuotas.perSender.requests);
  say(serviceTag, "192.168.7.4");
  expect(found.at(-1)).toEqual({ id: peer, from: "192.168.7.4" });
});

test("reads no answer that comes from outside the machine's links", () => {
  const { found, say } = onNoNetwork();
  for (const sender of ["198.51.100.1", "10.0.0.1", "192.169.0.1", "2001:db8::1"]) say(serviceTag, sender);
  expect(found).toEqual([]);
});

test("reads answers of neighbours that have IPv6 alone", () => {
  const { found, say } = onNoNetwork();
  say(serviceTag, "fe80::a:1%eth0");
  expect(found).toEqual([{ id: peer, from: "fe80:0:0:0:0:0:a:1" }]);
});

test("an answer by mDNS has its TXT records among the answers and the additional records", async () => {
  const addresses = ["/ip4/192.168.7.3/tcp/63259", "/ip6/fd00::3/tcp/63259"].map((address) =>
    multiaddr(`${address}/p2p/${peer}`),
  );
  const components = {
    logger: { forComponent: () => log },
    addressManager: { getAddresses: () => addresses },
  };
  // Sends to this machine instead of the group, so that it asks and answers itself.
  const options = { ip: "127.0.0.1", port: await unusedPort(), serviceTag };
  const parts = { clock: systemClock, link: new Link(systemClock), onFound: () => undefined };
  const discovery = lanDiscovery(options, parts)(components as never) as never as {
    start(): Promise<void>;
    stop(): Promise<void>;
    mdns: { on(name: "response", listener: (packet: Packet) => void): void };
  };
  onTestFinished(() => discovery.stop());
  await discovery.start();
  const packet = await new Promise<Packet>((resolve) => discovery.mdns.on("response", resolve));
  const texts = (records: Packet["answers"]) =>
    records.filter(({ type }) => type === "TXT").map(({ data }) => String(data));
  const expected = addresses.map((address) => `dnsaddr=${address}`);
  expect(packet.answers[0]).toMatchObject({ type: "PTR", name: serviceTag });
  expect(texts(packet.answers)).toEqual(expected);
  expect(texts(packet.additionals)).toEqual(expected);
});
