import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { AsnConvert } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";
import { beforeEach, describe, expect, it } from "vitest";
import { ownTlsCertificate, readTlsCertificate, type TlsFiles } from "../../../src/accounts/index.ts";
// Loaded here, not by the first test that needs it: a mutant in a constant counts as one of a module's start.
import "../../../src/accounts/self-made-certificate.ts";
import { temporaryFolder } from "../support/database.ts";

const nowMs = Date.parse("2030-01-01T00:00:00Z");
const dayMs = 24 * 3_600_000;
const names = ["localhost", "*.example.org", "192.0.2.1", "::1"];
const types: Readonly<Record<string, new () => object>> = {
  [x509.id_ce_subjectAltName]: x509.SubjectAlternativeName,
  [x509.id_ce_basicConstraints]: x509.BasicConstraints,
  [x509.id_ce_keyUsage]: x509.KeyUsage,
  [x509.id_ce_extKeyUsage]: x509.ExtendedKeyUsage,
};
let files: TlsFiles;
beforeEach(async () => {
  const folder = await temporaryFolder();
  files = { cert: join(folder, "node-1", "tls-cert.pem"), key: join(folder, "node-1", "tls-key.pem") };
});
const own = (more: { names?: string[]; passing?: string[]; nowMs?: number } = {}) =>
  ownTlsCertificate(files, { names: more.names ?? names, passing: more.passing ?? [] }, more.nowMs ?? nowMs);
const parsed = async () => new X509Certificate(await readFile(files.cert));

describe("a node's own certificate", () => {
  it("makes a certificate once, for its owner only, with a P-256 key and all names", async () => {
    const made = await own({ passing: ["2001:db8::7"] });
    for (const file of Object.values(files)) expect((await stat(file)).mode & 0o777).toBe(0o600);
    const certificate = await parsed();
    expect(createPublicKey(made.key).asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkHost("node.example.org")).toBeDefined();
    expect(certificate.checkHost("localhost")).toBeDefined();
    for (const address of ["192.0.2.1", "::1", "2001:db8::7"])
      expect(certificate.checkIP(address), address).toBeDefined();
    expect(certificate.checkHost("evil.example")).toBeUndefined();
    expect(made).toMatchObject({
      fingerprint: certificate.fingerprint256,
      endsAtMs: certificate.validToDate.getTime(),
    });
    expect(await own()).toEqual(made);
  });

  it("makes a self-issued certificate for servers only, which cannot issue others", async () => {
    const { subject, issuer, raw } = new X509Certificate((await own()).cert);
    expect([subject, issuer]).toEqual(["CN=ccoin node", "CN=ccoin node"]);
    const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(raw, x509.Certificate);
    const ecdsaWithSha256 = { algorithm: "1.2.840.10045.4.3.2" };
    expect([tbsCertificate.signature, signatureAlgorithm]).toMatchObject([ecdsaWithSha256, ecdsaWithSha256]);
    const extensions = tbsCertificate.extensions!.map(({ extnID, critical, extnValue }) => {
      const type = types[extnID];
      return [type?.name, critical, type && AsnConvert.parse(extnValue, type)];
    });
    expect(extensions).toMatchObject([
      [
        "SubjectAlternativeName",
        false,
        names.map((name) => (isIP(name) ? { iPAddress: name } : { dNSName: name })),
      ],
      ["BasicConstraints", true, { cA: false }],
      ["KeyUsage", true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)],
      ["ExtendedKeyUsage", false, [x509.id_kp_serverAuth]],
    ]);
  });

  it("accepts clients whose clock is behind, and lasts no longer than Apple's systems accept", async () => {
    await own();
    const { validFromDate, validToDate } = await parsed();
    expect(nowMs - validFromDate.getTime()).toBe(dayMs);
    expect(validToDate.getTime() - validFromDate.getTime()).toBeLessThanOrEqual(398 * dayMs);
  });

  it("renews the certificate before it ends, with the same key", async () => {
    const made = await own();
    expect(await own({ nowMs: made.endsAtMs - 30 * dayMs - 1 })).toEqual(made);
    const next = await own({ nowMs: made.endsAtMs - 30 * dayMs });
    expect(next.fingerprint).not.toBe(made.fingerprint);
    expect(next.key).toBe(made.key);
    expect(next.endsAtMs).toBeGreaterThan(made.endsAtMs);
  });

  it("renews the certificate for a name that it lacks, but not for a passing address", async () => {
    let made = await own();
    expect(await own({ names: ["localhost"], passing: ["2001:db8::9"] })).toEqual(made);
    for (const name of ["node.example.org", "192.0.2.2"]) {
      const next = await own({ names: [...names, name] });
      expect(next.fingerprint).not.toBe(made.fingerprint);
      made = next;
    }
  });

  it("renews the certificate if its key is another, or if the clock was set back before its time", async () => {
    const made = await own();
    expect(await own({ nowMs: nowMs - dayMs })).toEqual(made);
    expect((await own({ nowMs: nowMs - dayMs - 1 })).fingerprint).not.toBe(made.fingerprint);
    await rm(files.key);
    const next = await own();
    expect(next.key).not.toBe(made.key);
    expect(await readTlsCertificate(files)).toEqual(next);
  });

  it.each(["cert", "key"] as const)(
    "names a damaged file of the %s, and does not replace it",
    async (file) => {
      await own();
      await writeFile(files[file], "-----BEGIN NONSENSE-----");
      await expect(own()).rejects.toMatchObject({
        code: "BAD_TLS_FILES",
        message: expect.stringContaining(`${files[file]} is damaged: delete it`),
      });
    },
  );
});

it("does not replace a certificate whose file cannot be read", async () => {
  await mkdir(files.cert, { recursive: true });
  await expect(own()).rejects.toThrow(`cannot read ${files.cert}`);
  await rm(files.cert, { recursive: true });
  await rm(files.key, { force: true });
  await mkdir(files.key);
  await expect(own()).rejects.toMatchObject({ code: "BAD_TLS_FILES" });
});

describe("given files", () => {
  it("names the given file that is wrong", async () => {
    await own();
    await expect(readTlsCertificate({ ...files, cert: "/nowhere.pem" })).rejects.toThrow(
      "cannot read /nowhere.pem",
    );
    await expect(readTlsCertificate({ ...files, cert: files.key })).rejects.toThrow(
      `${files.key} holds no certificate in PEM`,
    );
    await expect(readTlsCertificate({ ...files, key: files.cert })).rejects.toThrow(
      `${files.cert} holds no key in PEM`,
    );
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(files.key, privateKey.export({ type: "pkcs8", format: "pem" }));
    await expect(readTlsCertificate(files)).rejects.toMatchObject({
      code: "BAD_TLS_FILES",
      message: expect.stringContaining("is not that of the certificate in"),
    });
  });
});
