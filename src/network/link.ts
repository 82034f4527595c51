import { networkInterfaces } from "node:os";
import type { Clock } from "../util/clock.ts";

/** Interfaces come and go, and to list them takes some tenths of a millisecond. */
const listEveryMs = 1_000;

/** An address of this machine, and the length of the prefix of its link. */
export interface OwnAddress {
  address: string;
  prefix: number;
}

/** The links that this machine is on, for packets that only neighbours may send (RFC 6762, section 11). */
export class Link {
  readonly #clock: Clock;
  readonly #list: () => OwnAddress[];
  #own: OwnAddress[] = [];
  #listedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, list: () => OwnAddress[] = ownAddresses) {
    this.#clock = clock;
    this.#list = list;
  }

  /** The sender of a packet: this machine, another one on its links, or undefined for any other. */
  senderAt(address: string): "self" | "neighbour" | undefined {
    const own = this.#current();
    if (address.includes(":")) return senderAt6(address, own);
    if (address.startsWith("127.") || own.some((each) => each.address === address)) return "self";
    return own.some((each) => isOnLink(each, address)) ? "neighbour" : undefined;
  }

  #current(): OwnAddress[] {
    const nowMs = this.#clock.now();
    if (Math.abs(nowMs - this.#listedAtMs) >= listEveryMs) {
      this.#own = this.#list();
      this.#listedAtMs = nowMs;
    }
    return this.#own;
  }
}

function ownAddresses(): OwnAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address, cidr }) => ({ address, prefix: Number(cidr?.split("/")[1] ?? 32) })),
  );
}

/** No router forwards a packet from an address of a link, and all answers by IPv6 come from such addresses. */
function senderAt6(sender: string, own: readonly OwnAddress[]): "self" | "neighbour" | undefined {
  const address = sender.replace(/%.*$/, "");
  if (own.some((each) => each.address === address)) return "self";
  return address.startsWith("fe80:") ? "neighbour" : undefined;
}

function isOnLink({ address, prefix }: OwnAddress, other: string): boolean {
  if (address.includes(":")) return false;
  const hostBits = 2 ** (32 - prefix);
  return Math.floor(numberOf(address) / hostBits) === Math.floor(numberOf(other) / hostBits);
}

function numberOf(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}
