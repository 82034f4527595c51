import { isIP } from "node:net";
import * as z from "zod";

const label = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?";
const hostName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** A name by which a node is called: without a port, in lower case. `*.example.org` stands for all names below it. */
const allowedHost = z
  .string()
  .toLowerCase()
  .regex(hostName, { error: "must be a name without a port, such as node.example.org or *.example.org" });

/** The origin of pages, as browsers write it. */
const allowedOrigin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin;
  context.addIssue({ code: "custom", message: "must be an origin, such as https://wallet.example.org" });
  return z.NEVER;
});

/** An address or a network in CIDR notation. */
const proxyNetwork = z.string().refine(isNetwork, {
  error: "must be the address or network of a proxy, such as 127.0.0.1 or 10.0.0.0/8",
});

/** The options that say who may call the HTTP interface, and how. */
export const httpAccessShape = {
  allowHosts: z.array(allowedHost).default([]),
  allowOrigins: z.array(allowedOrigin).default([]),
  trustProxies: z.array(proxyNetwork).default([]),
};

/** A file that an option names. */
export const fileName = z.string().min(1, { error: "must name a file" }).optional();

/** The options of HTTPS. */
export const tlsShape = {
  /** True for HTTPS, by a certificate of the node's own making unless one is given. */
  tls: z.boolean().default(false),
  tlsCert: fileName,
  tlsKey: fileName,
};

/** An error in the files of a certificate and its key, of which there are both or none. */
export function tlsFilesIssue({
  tlsCert,
  tlsKey,
}: {
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
}): { path: string[]; message: string } | undefined {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return undefined;
  return tlsKey === undefined
    ? { path: ["tlsCert"], message: "needs --tls-key with the key of the certificate" }
    : { path: ["tlsKey"], message: "needs --tls-cert with the certificate of the key" };
}

function isNetwork(text: string): boolean {
  const [address = "", prefix = "0", ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || more.length > 0) return false;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
