import { createSocket } from "node:dgram";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, onTestFinished, test } from "vitest";
import { lanDiscovery } from "../../../src/network/lan-discovery.ts";

interface Packet {
  type: string;
  answers: { type: string; data: unknown }[];
  additionals: { type: string; data: unknown }[];
}

/** A UDP port that nobody has. */
async function unusedPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

test("an answer by mDNS has its TXT records among the answers and the additional records", async () => {
  const peer = "12D3KooWRm8J3iL796zPFi2EtGGtUJn58AG67gcqzMuxXJGn9H6V";
  const addresses = ["/ip4/192.168.7.3/tcp/63259", "/ip6/fd00::3/tcp/63259"].map((address) =>
    multiaddr(`${address}/p2p/${peer}`),
  );
  const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined });
  const components = {
    logger: { forComponent: () => log },
    addressManager: { getAddresses: () => addresses },
  };
  // To this machine instead of the group: it asks, and answers, itself.
  const options = { ip: "127.0.0.1", port: await unusedPort(), serviceTag: "_ccoin._tcp.local" };
  const discovery = lanDiscovery(options)(components as never) as never as {
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
  expect(packet.answers[0]).toMatchObject({ type: "PTR", name: "_ccoin._tcp.local" });
  expect(texts(packet.answers)).toEqual(expected);
  expect(texts(packet.additionals)).toEqual(expected);
});
