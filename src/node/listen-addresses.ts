import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/**
 * The multiaddrs that a node listens on: all IPv4 addresses, and all IPv6 addresses where the machine has any, unless
 * `host` is given.
 */
export function listenAddresses(
  host: string | undefined,
  port: number,
  interfaces: NodeJS.Dict<Pick<NetworkInterfaceInfo, "family">[]> = networkInterfaces(),
): string[] {
  const hasIp6 = Object.values(interfaces).some((list) => list?.some(({ family }) => family === "IPv6"));
  const all = hasIp6 ? ["0.0.0.0", "::"] : ["0.0.0.0"];
  return (host === undefined ? all : [host]).map(
    (address) => `/${address.includes(":") ? "ip6" : "ip4"}/${address}/tcp/${port}`,
  );
}
