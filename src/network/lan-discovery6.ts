import type { PeerDiscovery } from "@libp2p/interface";
import type { MulticastDNSComponents, MulticastDNSInit } from "@libp2p/mdns";
import { placeOf } from "./address.ts";
import { addAdditionals, type LanDiscoveryOptions, lanDiscovery } from "./lan-discovery.ts";
import { type DnsRecord, discoveryOf, type MdnsResponder } from "./libp2p-internals.ts";
import { openMulticast6 } from "./multicast6.ts";

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
