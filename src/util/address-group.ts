/**
 * The network that a multiaddr is in: the part that one owner usually has as a whole, an IPv4 /24 or an IPv6 /64. Every
 * other address is a group of its own.
 */
export function addressGroup(multiaddr: string): string {
  const [, kind, host = ""] = multiaddr.split("/");
  if (kind === "ip4") return `${host.split(".").slice(0, 3).join(".")}.0/24`;
  if (kind === "ip6") return `${firstHalf(host)}::/64`;
  return multiaddr;
}

/** The first four of the eight groups of an IPv6 address. */
function firstHalf(address: string): string {
  const [left = "", right] = address.toLowerCase().split("::");
  const groups = (part: string | undefined) => (part ? part.split(":") : []);
  const [before, after] = [groups(left), groups(right)];
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
