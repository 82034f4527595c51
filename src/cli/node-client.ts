import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ApiError, Client } from "../client/index.ts";
import { defaultHttpPort } from "../config/node-id.ts";
import { codeOf, messageOf, UserError } from "../util/errors.ts";
import { type NodeIdOptions, pathsOf } from "./options.ts";
import { UsageError } from "./output.ts";
import { fetchBy, PinnedAgent } from "./tls-fetch.ts";

/** Options that say which node a command asks. */
export interface NodeUrlOptions extends NodeIdOptions {
  url?: string;
  tlsCa?: string;
  tlsFingerprint?: string;
}

/** Adds the options of `NodeUrlOptions`, except that of the node's id. */
export function addNodeUrlOptions(command: Command): Command {
  return command
    .option("--url <url>", "HTTP API of the node (default: the node on this machine)")
    .addOption(
      new Option(
        "--tls-ca <file>",
        "trust the certificate in this file, such as the tls-cert.pem of the node at --url",
      ).env("CCOIN_TLS_CA"),
    )
    .addOption(
      new Option(
        "--tls-fingerprint <sha256>",
        "trust the certificate with this fingerprint alone, which the node at --url prints at its start",
      )
        .env("CCOIN_TLS_FINGERPRINT")
        .argParser(fingerprintArgument),
    );
}

/** A client of the node at `url`, by default of the node `nodeid` on this machine at its default port. */
export async function nodeClient(options: NodeUrlOptions): Promise<Client> {
  const { url, tlsCa, tlsFingerprint } = options;
  if (url === undefined) return localClient(options);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(
      `--url must be an HTTP address, such as http://127.0.0.1:63262, not ${JSON.stringify(url)}`,
    );
  }
  const agent = await agentOf(tlsCa, tlsFingerprint);
  if (!agent) return new Client(url);
  if (new URL(url).protocol === "http:")
    throw new UsageError("--tls-ca and --tls-fingerprint need an address with https:// in --url");
  return new Client(url, { fetch: fetchBy(agent) });
}

/** A node that has made a certificate may run with it or without: it says which. */
async function localClient(options: NodeUrlOptions): Promise<Client> {
  const address = `127.0.0.1:${defaultHttpPort(options.nodeid)}`;
  const plain = new Client(`http://${address}`);
  const own = await readOwnCertificate(pathsOf(options).tlsCert);
  const ca =
    own === undefined ? await agentOf(options.tlsCa, options.tlsFingerprint) : new Agent({ ca: own });
  if (!ca || !(await refusesPlainHttp(plain))) return plain;
  return new Client(`https://${address}`, { fetch: fetchBy(ca) });
}

/** The certificate that the node has made. `undefined` if there is none, or if the node belongs to another user. */
async function readOwnCertificate(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "EACCES") return undefined;
    throw error;
  });
}

async function refusesPlainHttp(client: Client): Promise<boolean> {
  return client.status().then(
    () => false,
    (error: unknown) => error instanceof ApiError && error.code === "HTTPS_REQUIRED",
  );
}

async function agentOf(ca: string | undefined, fingerprint: string | undefined): Promise<Agent | undefined> {
  if (fingerprint !== undefined) return new PinnedAgent(fingerprint);
  return ca === undefined ? undefined : new Agent({ ca: await readCertificate(ca) });
}

async function readCertificate(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    new X509Certificate(text);
    return text;
  } catch (cause) {
    const why = codeOf(cause) === "ENOENT" ? "there is no such file" : messageOf(cause);
    throw new UserError(`--tls-ca: ${path} holds no certificate in PEM: ${why}`, "BAD_OPTIONS", { cause });
  }
}

/** Returns the fingerprint as `PinnedAgent` compares it. @throws {InvalidArgumentError} */
function fingerprintArgument(text: string): string {
  const digits = text.replaceAll(":", "").toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(digits))
    throw new InvalidArgumentError("must be a SHA-256 fingerprint: 64 hex digits, such as AB:CD:…");
  return digits.match(/../g)!.join(":");
}
