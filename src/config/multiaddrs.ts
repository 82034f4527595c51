import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import * as z from "zod";

type Part = [name: string, value: string | undefined];

/** A node to connect to; its peer id may be omitted. `/dnsaddr/` names TXT records that hold such addresses. */
export const bootstrapAddress = z
  .string()
  .refine((text) => isDialable(partsOf(text)) || partsOf(text)[0]?.[0] === "dnsaddr", {
    error: "must be a TCP multiaddr, such as /ip4/192.168.1.10/tcp/63261, or /dnsaddr/ with a name",
  });

/** An address at which others reach this node, in the form in which libp2p writes it. */
export const announcedAddress = z
  .string()
  .refine(isAnnounceable, {
    error:
      "must be an address that others can dial, without a peer id, such as /ip4/203.0.113.7/tcp/63261 or /dns4/node.example.org/tcp/63261",
  })
  .transform((text) => multiaddr(text).toString());

/** A peer id, in the form in which libp2p writes it. */
export const peerId = z.string().transform((text, context) => {
  try {
    return peerIdFromString(text).toString();
  } catch {
    const message =
      "must be a peer id, such as 12D3KooW…: the end of an address that the node logs, after /p2p/";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }
});

function isDialable([host, transport]: readonly Part[]): boolean {
  return /^(ip4|ip6|dns|dns4|dns6)$/.test(host?.[0] ?? "") && transport?.[0] === "tcp";
}

function isAnnounceable(text: string): boolean {
  const parts = partsOf(text);
  const [host, port] = parts.map(([, value]) => value);
  return isDialable(parts) && parts.length === 2 && host !== "0.0.0.0" && host !== "::" && port !== "0";
}

/** The parts of a multiaddr; empty for a text that is not one. */
function partsOf(text: string): Part[] {
  try {
    return multiaddr(text)
      .getComponents()
      .map(({ name, value }) => [name, value]);
  } catch {
    return [];
  }
}
