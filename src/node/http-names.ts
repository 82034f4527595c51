import { isIP } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { NodeOptions } from "../config/index.ts";

type Options = Pick<NodeOptions, "httpHost" | "allowHosts">;
type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, "address" | "internal">[]>;

/** The names of a certificate: DNS names and IP addresses. */
export interface CertificateNames {
  names: string[];
  /**
   * Addresses that change from day to day, as IPv6 ones do. A change of these addresses alone does not renew the
   * certificate.
   */
  passing: string[];
}

/** The names and addresses by which a node may be called: those of this machine, and those of its options. */
export function certificateNames(
  { httpHost, allowHosts }: Options,
  interfaces: Interfaces = networkInterfaces(),
): CertificateNames {
  const own = ownAddresses(interfaces);
  const host = isAnyAddress(httpHost) ? [] : [httpHost.toLowerCase()];
  const ip4 = own.filter((address) => isIP(address) === 4);
  return {
    names: [...new Set(["localhost", "127.0.0.1", "::1", ...host, ...ip4, ...allowHosts])],
    passing: own.filter((address) => isIP(address) === 6),
  };
}

/**
 * The base URL by which other machines call the node at `url`: by the first name of its options, else by an address.
 * Undefined if it listens for this machine only, or on a machine without a network.
 */
export function urlForOthers(
  { httpHost, allowHosts }: Options,
  url: string,
  interfaces: Interfaces = networkInterfaces(),
): string | undefined {
  if (isOwnMachine(httpHost)) return undefined;
  const name = allowHosts.find((allowed) => !allowed.startsWith("*."));
  const own = ownAddresses(interfaces).toSorted((a, b) => isIP(a) - isIP(b));
  const host = name ?? (isAnyAddress(httpHost) ? own[0] : httpHost);
  if (host === undefined) return undefined;
  const { protocol, port } = new URL(url);
  return `${protocol}//${isIP(host) === 6 ? `[${host}]` : host}${port && `:${port}`}`;
}

/** Addresses at which other machines may reach this one, except link-local ones, which need an interface's name. */
function ownAddresses(interfaces: Interfaces): string[] {
  return Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .map(({ address }) => address);
}

/** True if nobody but this machine reaches what listens there. */
export function isOwnMachine(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
