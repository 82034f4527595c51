import type { PeerDiscovery, PeerInfo } from "@libp2p/interface";
import { type MulticastDNSComponents, type MulticastDNSInit, mdns } from "@libp2p/mdns";
import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { type Place, placeOf } from "./address.ts";
import { type DiscoveryInternals, discoveryOf, type MdnsResponder } from "./libp2p-internals.ts";
import type { Link } from "./link.ts";

/** Everybody hears an answer, so nobody needs another one sooner (RFC 6762, section 6). */
export const answerEveryMs = 1_000;
/** Answers that are read: those of 256 nodes, each of which gives one a second, a few of them on each machine. */
export const heardQuotas = {
  inAll: { requests: 256, perMs: 1_000 },
  perSender: { requests: 32, perMs: 1_000 },
};
/** Answers of this machine, which may run a whole test network, come from here. */
const thisMachine = "127.0.0.1";

export interface LanDiscoveryOptions {
  clock: Clock;
  link: Pick<Link, "senderAt">;
  /** Called with each answer and where it came from; libp2p's own event fires only the first time. */
  onFound(peer: PeerInfo, from: Place): void;
}

/**
 * libp2p's mDNS, with three changes. Its answers carry their TXT records in the additional section too: the
 * specification puts them there, and other implementations look there (rust-libp2p only there), while go-libp2p and
 * js-libp2p put them among the answers. It answers once a second at most, and reads a bounded number of answers of each
 * machine: any machine of the LAN can ask any number of times, and each question would make each node answer all
 * others. And it reads only answers from its own links, and says where each came from.
 */
export function lanDiscovery(
  init: MulticastDNSInit & { serviceTag: string },
  options: LanDiscoveryOptions,
): (components: MulticastDNSComponents) => PeerDiscovery {
  const create = mdns(init);
  return (components) => {
    const found = discoveryOf(create(components));
    limitAnswers(found, init.serviceTag, options.clock);
    limitHeard(found, init.serviceTag, options);
    const start = () => Object.getPrototypeOf(found).start.call(found) as Promise<void>;
    found.start = async () => {
      await start();
      if (found.mdns) addAdditionals(found.mdns);
    };
    return found;
  };
}

function limitHeard(found: DiscoveryInternals, serviceTag: string, options: LanDiscoveryOptions): void {
  const heard = new RateLimiter(options.clock);
  const read = found._onMdnsResponse;
  let from: Place | undefined;
  found._onMdnsResponse = (packet, sender) => {
    const isOurs = packet.answers.some(({ type, name }) => type === "PTR" && name === serviceTag);
    const at = isOurs ? options.link.senderAt(sender.address) : undefined;
    if (!at) return;
    // The name of an interface follows the address of a link.
    const address = at === "self" ? thisMachine : sender.address.replace(/%.*$/, "");
    if (heard.delayMs("all", heardQuotas.inAll) > 0) return;
    if (at === "neighbour" && !heard.take(address, heardQuotas.perSender)) return;
    heard.charge("all", heardQuotas.inAll, 1);
    from = placeOf(`/${address.includes(":") ? "ip6" : "ip4"}/${address}/udp/${sender.port}`);
    // Emits its event before it returns.
    read(packet, sender);
    from = undefined;
  };
  found.addEventListener("peer", ({ detail }) => {
    if (from) options.onFound(detail, from);
  });
}

function limitAnswers(found: DiscoveryInternals, serviceTag: string, clock: Clock): void {
  const answer = found._onMdnsQuery;
  let isAnswered = false;
  let isAskedAgain = false;
  found._onMdnsQuery = (packet) => {
    if (packet.questions[0]?.name !== serviceTag) return;
    // A question that comes too soon is answered when the time is over, once for all of them.
    isAskedAgain = isAnswered;
    if (isAnswered) return;
    isAnswered = true;
    answer(packet);
    clock.after(answerEveryMs, () => {
      isAnswered = false;
      if (isAskedAgain) found._onMdnsQuery(packet);
    });
  };
}

export function addAdditionals(responder: MdnsResponder): void {
  const respond = responder.respond.bind(responder);
  responder.respond = (response) => {
    if (!Array.isArray(response)) return respond(response);
    respond({ answers: response, additionals: response.filter(({ type }) => type === "TXT") });
  };
}
