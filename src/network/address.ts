import { isIPv4, isIPv6 } from "node:net";
import { ip6Groups, ip6Prefix } from "../util/address-group.ts";

/** The reach of an address. A name may lead anywhere. */
type Reach = "loopback" | "link" | "private" | "public" | "name";

/** The parts of a multiaddr that distinguish machines. */
export interface Place {
  reach: Reach;
  /** One machine, or the machines behind one router: an IPv4 address, an IPv6 /64. */
  host: string;
  /** Machines that probably have one owner: an IPv4 /24, an IPv6 /48. */
  group: string;
}

/**
 * The place of a multiaddr. Undefined if it does not begin with an IP address or a name, or if nothing can connect to
 * it.
 */
export function placeOf(multiaddr: string): Place | undefined {
  const [, protocol, name] = multiaddr.split("/");
  if (name === undefined || name === "") return undefined;
  if (protocol === "ip4" || protocol === "ip6") return placeOfIp(name);
  if (protocol === undefined || !/^dns(4|6|addr)?$/.test(protocol)) return undefined;
  return { reach: "name", host: name.toLowerCase(), group: name.toLowerCase() };
}

/** The part of a multiaddr that is dialled: host and port, without a peer id. */
export function targetOf(multiaddr: string): string {
  return multiaddr.replace(/\/p2p\/[^/]+$/, "");
}

function placeOfIp(name: string): Place | undefined {
  if (isIPv4(name)) return placeOfIp4(name);
  if (!isIPv6(name)) return undefined;
  const groups = ip6Groups(name);
  const [first] = groups;
  if (groups.slice(0, 5).every((group) => group === 0)) {
    if (groups[5] === 0xffff) return placeOfIp4(dotted(groups[6]!, groups[7]!));
    // ::/96, which once meant IPv4 addresses.
    if (groups[5] === 0)
      return ip6Prefix(groups, 8) === "0:0:0:0:0:0:0:1"
        ? { reach: "loopback", host: "::1", group: "::1" }
        : undefined;
  }
  if (first! >= 0xff00) return undefined;
  let reach: Reach | undefined = reachThrough(groups);
  if ((first! & 0xffc0) === 0xfe80) reach = "link";
  else if ((first! & 0xfe00) === 0xfc00 || (first! & 0xffc0) === 0xfec0) reach = "private";
  if (!reach) return undefined;
  const prefix = (count: number) => `${ip6Prefix(groups, count)}::/${16 * count}`;
  // Neighbours on a link all share the prefix fe80::/64, so here the whole address stands for the machine.
  return {
    reach,
    host: reach === "link" ? ip6Prefix(groups, 8) : prefix(4),
    group: prefix(3),
  };
}

function placeOfIp4(name: string): Place | undefined {
  const [a, b, c] = name.split(".").map(Number) as [number, number, number, number];
  if (a === 0 || a >= 224) return undefined;
  let reach: Reach = "public";
  if (a === 127) reach = "loopback";
  else if (a === 169 && b === 254) reach = "link";
  else if (
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128) ||
    // 192.0.0.0/24 is for protocols, 198.18.0.0/15 for benchmarks: neither is on the internet.
    (a === 192 && b === 0 && c === 0) ||
    (a === 198 && (b === 18 || b === 19))
  )
    reach = "private";
  return { reach, host: name, group: `${a}.${b}.${c}.0/24` };
}

/**
 * A gateway of the network leads from some IPv6 addresses to the public IPv4 address in them (RFC 3056, 6052), or to
 * others of its own network (RFC 8215).
 */
function reachThrough([first, second, third, , , , seventh, eighth]: readonly number[]): Reach | undefined {
  let inside: Place | undefined;
  if (first === 0x2002) inside = placeOfIp4(dotted(second!, third!));
  else if (first === 0x64 && second === 0xff9b && third === 0) inside = placeOfIp4(dotted(seventh!, eighth!));
  else return first === 0x64 && second === 0xff9b ? "private" : "public";
  return inside?.reach === "public" ? "public" : undefined;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
