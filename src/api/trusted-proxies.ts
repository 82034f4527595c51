import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { isLoopback } from "./client-limiter.ts";

/** Stands for all clients whose address a trusted proxy does not tell. */
const unknown = "unknown";

/** The proxies whose word counts for a client's address. `networks` are addresses, or networks such as 10.0.0.0/8. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(prefix), familyOf(address));
    }
    // A proxy on this machine that calls the node localhost comes from either.
    const own = ["127.0.0.1", "::1"];
    if (own.some((address) => this.has(address)))
      for (const address of own) this.#list.addAddress(address, familyOf(address));
  }

  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const plain = address.split("%")[0]!;
    return isIP(plain) !== 0 && this.#list.check(plain, familyOf(plain));
  }

  /**
   * The client's address: the last one in `X-Forwarded-For` that is not a trusted proxy's. What stands before it is
   * only claimed.
   */
  clientOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): string {
    const hops = [headers["x-forwarded-for"] ?? []].flat().flatMap((line) => line.split(","));
    let address = socket.remoteAddress ?? "";
    while (this.has(address)) {
      const hop = hops.pop();
      if (hop === undefined) return address;
      const before = addressIn(hop);
      // Programs on the machine of a proxy elsewhere are not programs of this machine.
      if (isLoopback(before) && !isLoopback(address)) return address;
      address = before;
    }
    return address;
  }
}

/** The address of `192.0.2.1`, `192.0.2.1:80` or `[2001:db8::1]:80`. */
function addressIn(hop: string): string {
  const text = hop.trim();
  if (isIP(text) !== 0) return text;
  const address = text.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return isIP(address) === 0 ? unknown : address;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
