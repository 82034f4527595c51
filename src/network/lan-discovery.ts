import type { PeerDiscovery } from "@libp2p/interface";
import { type MulticastDNSComponents, type MulticastDNSInit, mdns } from "@libp2p/mdns";

interface DnsRecord {
  type: string;
}

/** The part of the library's running responder that is changed here. */
interface Responder {
  respond(response: DnsRecord[] | { answers: DnsRecord[]; additionals: DnsRecord[] }): void;
}

/**
 * libp2p's mDNS, whose answers carry their TXT records in the additional section too. The specification puts them
 * there, and other implementations look there (rust-libp2p only there), while go-libp2p and js-libp2p put them among
 * the answers.
 */
export function lanDiscovery(init: MulticastDNSInit): (components: MulticastDNSComponents) => PeerDiscovery {
  const create = mdns(init);
  return (components) => {
    const found = create(components) as PeerDiscovery & { mdns?: Responder; start(): Promise<void> };
    const start = () => Object.getPrototypeOf(found).start.call(found) as Promise<void>;
    found.start = async () => {
      await start();
      if (found.mdns) addAdditionals(found.mdns);
    };
    return found;
  };
}

function addAdditionals(responder: Responder): void {
  const respond = responder.respond.bind(responder);
  responder.respond = (response) => {
    if (!Array.isArray(response)) return respond(response);
    respond({ answers: response, additionals: response.filter(({ type }) => type === "TXT") });
  };
}
