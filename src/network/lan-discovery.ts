import type { PeerDiscovery } from "@libp2p/interface";
import { type MulticastDNSComponents, type MulticastDNSInit, mdns } from "@libp2p/mdns";
import { RateLimiter } from "../../protocols/index.ts";
import type { Clock } from "../util/clock.ts";
import { type DiscoveryInternals, discoveryOf, type MdnsResponder } from "./libp2p-internals.ts";

/** Everybody hears an answer, so nobody needs another one sooner (RFC 6762, section 6). */
export const answerEveryMs = 1_000;
/** Answers that are read: those of 256 nodes, each of which gives one a second. */
export const heardQuota = { requests: 256, perMs: 1_000 };

/**
 * libp2p's mDNS, with two changes. Its answers carry their TXT records in the additional section too: the specification
 * puts them there, and other implementations look there (rust-libp2p only there), while go-libp2p and js-libp2p put them
 * among the answers. And it answers once a second at most, and reads a bounded number of answers: any machine of the LAN
 * can ask any number of times, and each question would make each node answer all others.
 */
export function lanDiscovery(
  init: MulticastDNSInit & { serviceTag: string },
  clock: Clock,
): (components: MulticastDNSComponents) => PeerDiscovery {
  const create = mdns(init);
  return (components) => {
    const found = discoveryOf(create(components));
    limit(found, init.serviceTag, clock);
    const start = () => Object.getPrototypeOf(found).start.call(found) as Promise<void>;
    found.start = async () => {
      await start();
      if (found.mdns) addAdditionals(found.mdns);
    };
    return found;
  };
}

function limit(found: DiscoveryInternals, serviceTag: string, clock: Clock): void {
  const heard = new RateLimiter(clock);
  const read = found._onMdnsResponse;
  found._onMdnsResponse = (packet) => {
    const isOurs = packet.answers.some(({ type, name }) => type === "PTR" && name === serviceTag);
    if (isOurs && heard.take("all", heardQuota)) read(packet);
  };

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

function addAdditionals(responder: MdnsResponder): void {
  const respond = responder.respond.bind(responder);
  responder.respond = (response) => {
    if (!Array.isArray(response)) return respond(response);
    respond({ answers: response, additionals: response.filter(({ type }) => type === "TXT") });
  };
}
