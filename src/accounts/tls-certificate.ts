import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { exists, replaceFile } from "../util/atomic-file.ts";
import { messageOf, UserError } from "../util/errors.ts";
import { readOrCreate } from "./read-or-create.ts";

/** A certificate is made anew this long before it ends. */
const renewBeforeMs = 30 * 24 * 3_600_000;

/** A certificate, perhaps with those above it, and its key, both in PEM. */
export interface TlsCertificate {
  cert: string;
  key: string;
  /** SHA-256 of the certificate as browsers show it, such as `AB:CD:…`. */
  fingerprint: string;
  endsAtMs: number;
}

export interface TlsFiles {
  cert: string;
  key: string;
}

/** Reads a certificate that somebody else has made. @throws {UserError} `BAD_TLS_FILES`, with the file */
export async function readTlsCertificate(files: TlsFiles): Promise<TlsCertificate> {
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)]);
  const parsed = parse(() => new X509Certificate(cert), `${files.cert} holds no certificate in PEM`);
  const parsedKey = parse(
    () => createPrivateKey(key),
    `${files.key} holds no key in PEM without a passphrase`,
  );
  if (!parsed.checkPrivateKey(parsedKey))
    throw bad(`the key in ${files.key} is not that of the certificate in ${files.cert}`);
  return shown(cert, key, parsed);
}

/**
 * The node's own certificate with an ECDSA key (P-256), in files that only their owner can read. Makes them if there
 * are none, and the certificate anew, with the same key, if it ends soon or lacks one of `names`. It has the `passing`
 * ones from when it was made. Both are DNS names and IP addresses. @throws {UserError} `BAD_TLS_FILES`
 */
export async function ownTlsCertificate(
  files: TlsFiles,
  { names, passing }: { names: readonly string[]; passing: readonly string[] },
  nowMs: number,
): Promise<TlsCertificate> {
  const { pem, key } = await ownKey(files.key);
  const kept = await keptCertificate(files.cert, key);
  if (kept && isGood(kept, names, nowMs)) return shown(kept.toString(), pem, kept);
  const all = [...names, ...passing];
  const dns = all.filter((name) => isIP(name) === 0);
  const ip = all.filter((name) => isIP(name) !== 0);
  // Imported here, because its packages take 16 MB and are needed once a year.
  const { selfMadeCertificate } = await import("./self-made-certificate.ts");
  const cert = selfMadeCertificate(key, { dns, ip }, nowMs);
  await replaceFile(files.cert, cert);
  return shown(cert, pem, new X509Certificate(cert));
}

async function ownKey(path: string): Promise<{ pem: string; key: KeyObject }> {
  const make = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  };
  const pem = await readOrCreate(path, make, "BAD_TLS_FILES");
  return { pem, key: parse(() => createPrivateKey(pem), damaged(path)) };
}

/** The certificate of the key, if there is one. */
async function keptCertificate(path: string, key: KeyObject): Promise<X509Certificate | undefined> {
  if (!(await exists(path))) return undefined;
  const text = await readText(path);
  const certificate = parse(() => new X509Certificate(text), damaged(path));
  return certificate.checkPrivateKey(key) ? certificate : undefined;
}

function isGood(certificate: X509Certificate, names: readonly string[], nowMs: number): boolean {
  return (
    certificate.validFromDate.getTime() <= nowMs &&
    certificate.validToDate.getTime() - nowMs > renewBeforeMs &&
    names.every((name) => isNamed(certificate, name))
  );
}

function isNamed(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: "never", wildcards: false }) !== undefined;
}

function shown(cert: string, key: string, { fingerprint256, validToDate }: X509Certificate): TlsCertificate {
  return { cert, key, fingerprint: fingerprint256, endsAtMs: validToDate.getTime() };
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause) => {
    throw bad(`cannot read ${path}: ${messageOf(cause)}`, cause);
  });
}

function parse<T>(read: () => T, failure: string): T {
  try {
    return read();
  } catch (cause) {
    throw bad(failure, cause);
  }
}

function damaged(path: string): string {
  return `${path} is damaged: delete it, and the node makes a new one, with another fingerprint`;
}

function bad(message: string, cause?: unknown): UserError {
  return new UserError(message, "BAD_TLS_FILES", { cause });
}
