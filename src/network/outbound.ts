import { type Place, placeOf } from "./address.ts";

/** Connections that the node dials. Peers given by a person are extra. */
export const maxOutbound = 32;
/**
 * Places for peers of the node's own choice, which worked in an earlier run: others may report any number of new ones.
 */
export const keptOutbound = 12;
/** While a node has fewer, it asks its peers for others. A network of such nodes stays one when any of them vanish. */
export const wantedOutbound = 8;
/** One machine, or one router, must not take all places. */
export const maxPerHost = 4;
/** A public /24 usually has one owner; a private one is a LAN. */
const maxPerPublicGroup = 4;

/**
 * True if one more peer may be dialled at the addresses. `chosen`: the node knows it from an earlier run. `open`:
 * multiaddrs of the dialled connections, also of those being dialled, without those that a person gave.
 */
export function hasRoomFor(
  peer: { addresses: readonly string[]; chosen: boolean },
  open: readonly string[],
): boolean {
  if (open.length >= (peer.chosen ? maxOutbound : maxOutbound - keptOutbound)) return false;
  const places = open.map(placeOf);
  return peer.addresses.some((address) => {
    const place = placeOf(address);
    if (!place) return false;
    if (place.reach === "loopback") return true;
    const count = (matches: (other: Place) => boolean) =>
      places.filter((other) => other && matches(other)).length;
    return (
      count(({ host }) => host === place.host) < maxPerHost &&
      (place.reach !== "public" || count(({ group }) => group === place.group) < maxPerPublicGroup)
    );
  });
}
