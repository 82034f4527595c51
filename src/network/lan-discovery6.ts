import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import type { PeerDiscovery } from "@libp2p/interface";
import type { MulticastDNSComponents, MulticastDNSInit } from "@libp2p/mdns";
import multicastDns, { type Responder } from "multicast-dns";
import { codeOf } from "../util/errors.ts";
import { placeOf } from "./address.ts";
import { addAdditionals, type LanDiscoveryOptions, lanDiscovery } from "./lan-discovery.ts";
import { type DnsRecord, discoveryOf, type MdnsResponder } from "./libp2p-internals.ts";

/** A TXT record's string has 255 bytes at most. */
const maxTextBytes = 255;

/** `lanDiscovery` over IPv6, which libp2p's mDNS does not speak. */
export function lanDiscovery6(
  init: MulticastDNSInit & { serviceTag: string; interval: number },
  options: LanDiscoveryOptions,
): (components: MulticastDNSComponents) => PeerDiscovery {
  const create = lanDiscovery(init, options);
  return (components) => {
    const found = discoveryOf(create(components));
    found.start = async () => {
      if (found.mdns) return;
      const responder = openMulticast6();
      responder.on("query", found._onMdnsQuery);
      responder.on("response", found._onMdnsResponse);
      responder.on("warning", found._onMdnsWarning);
      responder.on("error", found._onMdnsError);
      found.mdns = responder;
      addAdditionals(responder);
      addPublic(responder, () => components.addressManager.getAddresses().map(String));
      const ask = () => responder.query({ questions: [{ name: init.serviceTag, type: "PTR" }] });
      ask();
      found._queryInterval = setInterval(ask, init.interval);
    };
    return found;
  };
}

/** libp2p's mDNS announces private addresses only. In most networks, the IPv6 addresses of neighbours are public. */
function addPublic(responder: MdnsResponder, own: () => string[]): void {
  const respond = responder.respond.bind(responder);
  responder.respond = (response) => {
    const pointer = Array.isArray(response) ? response.find(({ type }) => type === "PTR") : undefined;
    if (!Array.isArray(response) || !pointer) return respond(response);
    const texts = own()
      .filter((address) => address.startsWith("/ip6/") && placeOf(address)?.reach === "public")
      .map((address) => `dnsaddr=${address}`)
      .filter((text) => text.length <= maxTextBytes);
    const { data: name, ...record } = pointer;
    respond([...response, ...texts.map((data): DnsRecord => ({ ...record, type: "TXT", name, data }))]);
  };
}

/** RFC 6762, section 3. */
const group = "ff02::fb";
const mdnsPort = 5_353;

interface Interface {
  name: string;
  hasIp4: boolean;
}

/** The interfaces on which IPv6 neighbours can be reached. */
function interfaces(): Interface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const isOnLink = addresses.some(({ address, internal }) => !internal && address.startsWith("fe80:"));
    return isOnLink ? { name, hasIp4: addresses.some(({ family }) => family === "IPv4") } : [];
  });
}

/**
 * A responder for multicast DNS over IPv6, on all interfaces. It asks only on those without IPv4: where both families
 * are there, all nodes hear the question over IPv4, and to ask and answer twice would tell nobody more. It answers on
 * all, since a neighbour may have IPv6 alone.
 */
function openMulticast6(): Responder {
  const socket = createSocket({ type: "udp6", reuseAddr: true, ipv6Only: true });
  const responder = multicastDns({
    socket,
    type: "udp6",
    ip: group,
    interface: "::",
    bind: "::",
    port: mdnsPort,
  });
  responder.update = () => {
    for (const { name } of interfaces()) {
      try {
        socket.addMembership(group, `::%${name}`);
      } catch (error) {
        // It was joined before.
        if (codeOf(error) !== "EADDRINUSE") responder.emit("warning", error);
      }
    }
  };
  const sendTo = responder.send.bind(responder);
  responder.send = (packet, _to, sent) => {
    const isQuestion = packet.type === "query";
    for (const { name, hasIp4 } of interfaces()) {
      if (isQuestion && hasIp4) continue;
      // An interface that has just gone down is no error.
      sendTo(packet, { address: `${group}%${name}`, port: mdnsPort }, () => undefined);
    }
    sent?.();
  };
  return responder;
}
