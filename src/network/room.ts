/** Of one address, so that one machine cannot take every place; a household or a lab behind one router has enough. */
export const maxInboundPerAddress = 32;

/**
 * Whether one more may connect from the address of `remote`, a multiaddr, besides those that are open. This machine's own are not
 * counted: it may run a whole test network.
 */
export function hasRoomFor(remote: string, open: readonly string[]): boolean {
  const address = addressOf(remote);
  if (address === undefined || address.startsWith("127.") || address === "::1") return true;
  return open.filter((other) => addressOf(other) === address).length < maxInboundPerAddress;
}

/** The part of a multiaddr that names the machine. */
function addressOf(multiaddr: string): string | undefined {
  return multiaddr.split("/")[2];
}
