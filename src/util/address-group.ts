/**
 * The network that a multiaddr is in: the part that one owner usually has as a whole, an IPv4 /24 or an IPv6 /64. Every
 * other address is a group of its own.
 */
export function addressGroup(multiaddr: string): string {
  const [, kind, host = ""] = multiaddr.split("/");
  if (kind === "ip4") return `${host.split(".").slice(0, 3).join(".")}.0/24`;
  if (kind === "ip6") return `${ip6Prefix(ip6Groups(host), 4)}::/64`;
  return multiaddr;
}

/** The first of the eight groups of an IPv6 address, as text: `2001:db8:0:1`. */
export function ip6Prefix(groups: readonly number[], count: number): string {
  return groups
    .slice(0, count)
    .map((group) => group.toString(16))
    .join(":");
}

/** The eight numbers of an IPv6 address. */
export function ip6Groups(address: string): number[] {
  const plain = address.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head, tail] = plain.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? [] : new Array(8 - head!.length - tail.length).fill("0");
  return [...head!, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
}
