import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import multicastDns, { type Responder } from "multicast-dns";
import { codeOf } from "../util/errors.ts";

/** RFC 6762, section 3. */
const group = "ff02::fb";
const mdnsPort = 5_353;

interface Interface {
  name: string;
  hasIp4: boolean;
}

/** The interfaces on which IPv6 neighbours can be reached. */
function interfaces(): Interface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const isOnLink = addresses.some(({ address, internal }) => !internal && address.startsWith("fe80:"));
    return isOnLink ? { name, hasIp4: addresses.some(({ family }) => family === "IPv4") } : [];
  });
}

/**
 * A responder for multicast DNS over IPv6, on all interfaces. It asks only on those without IPv4: where both families
 * are there, all nodes hear the question over IPv4, and to ask and answer twice would tell nobody more. It answers on
 * all, since a neighbour may have IPv6 alone.
 */
export function openMulticast6(): Responder {
  const socket = createSocket({ type: "udp6", reuseAddr: true, ipv6Only: true });
  const responder = multicastDns({
    socket,
    type: "udp6",
    ip: group,
    interface: "::",
    bind: "::",
    port: mdnsPort,
  });
  responder.update = () => {
    for (const { name } of interfaces()) {
      try {
        socket.addMembership(group, `::%${name}`);
      } catch (error) {
        // It was joined before.
        if (codeOf(error) !== "EADDRINUSE") responder.emit("warning", error);
      }
    }
  };
  const sendTo = responder.send.bind(responder);
  responder.send = (packet, _to, sent) => {
    const isQuestion = packet.type === "query";
    for (const { name, hasIp4 } of interfaces()) {
      if (isQuestion && hasIp4) continue;
      // An interface that has just gone down is no error.
      sendTo(packet, { address: `${group}%${name}`, port: mdnsPort }, () => undefined);
    }
    sent?.();
  };
  return responder;
}
