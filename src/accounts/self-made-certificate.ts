import { createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";

const commonName = "2.5.4.3";
const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const dayMs = 24 * 3_600_000;
/** Apple's systems take no certificate of a server for longer than 398 days. */
const validDays = 397;
/** Clocks of clients may be behind. */
const earlyDays = 1;

/** A certificate of a P-256 key for these names and IP addresses, signed by the key itself (RFC 5280), in PEM. */
export function selfMadeCertificate(
  key: KeyObject,
  names: { dns: readonly string[]; ip: readonly string[] },
  nowMs: number,
): string {
  const extension = (extnID: string, critical: boolean, value: unknown) =>
    new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const name = new x509.Name([
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({
        type: commonName,
        value: new x509.AttributeValue({ utf8String: "ccoin node" }),
      }),
    ]),
  ]);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new x509.Validity({
      notBefore: new Date(nowMs - earlyDays * dayMs),
      notAfter: new Date(nowMs + (validDays - earlyDays) * dayMs),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(publicKey, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions([
      extension(
        x509.id_ce_subjectAltName,
        false,
        new x509.SubjectAlternativeName([
          ...names.dns.map((dNSName) => new x509.GeneralName({ dNSName })),
          ...names.ip.map((iPAddress) => new x509.GeneralName({ iPAddress })),
        ]),
      ),
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
      extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
      extension(x509.id_ce_extKeyUsage, false, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
    ]),
  });
  const signature = sign("sha256", new Uint8Array(AsnConvert.serialize(tbsCertificate)), key);
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: new Uint8Array(signature).buffer,
  });
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
}

/** A positive number of 16 bytes in its shortest form, as DER writes it. */
function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return bytes.buffer;
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g)!;
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
