import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import * as z from "zod";
import { addressSchema, amountSchema, describeIssues } from "../config/schema.ts";
import { encodeAddress } from "../crypto/address.ts";
import { keyPairFromSeed } from "../crypto/ed25519.ts";
import { equalBytes } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";

const keystoreVersion = 1;

/** `n` is the cost, a power of two; `r` and `p` are as in RFC 7914. */
export interface ScryptParameters {
  n: number;
  r: number;
  p: number;
}

/** A guess takes 128 MiB, so that searching a stolen file is expensive. */
export const defaultScrypt: ScryptParameters = { n: 2 ** 17, r: 8, p: 1 };
/** 1 GiB at r = 8, so that no file makes this process allocate more. */
const maxScryptBytes = 2 ** 30;

const hexBytes = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), { error: `must be ${bytes} bytes in hex` });
const powerOfTwo = (n: number) => n > 1 && Number.isInteger(Math.log2(n));

const keystoreSchema = z.strictObject({
  version: z.literal(keystoreVersion, {
    error: (issue) => `is ${JSON.stringify(issue.input)}, but this program reads version ${keystoreVersion}`,
  }),
  /** The address in bech32m; `tag` covers it. */
  address: z.string().pipe(addressSchema),
  scrypt: z
    .strictObject({
      n: z.int().refine(powerOfTwo, { error: "must be a power of two" }),
      r: z.int().min(1),
      p: z.int().min(1).max(16),
      salt: hexBytes(32),
    })
    .refine(({ n, r }) => 128 * n * r <= maxScryptBytes, { error: "asks for too much memory" }),
  aes256gcm: z.strictObject({ nonce: hexBytes(12), seed: hexBytes(32), tag: hexBytes(16) }),
  /** The balance that a genesis block made from local accounts gives this one. `tag` does not cover it. */
  genesisBalance: amountSchema.default(0n),
  /** The key's name and the contacts, encrypted: the explorer's page keeps them in its backups, no node reads them. */
  belongings: z.unknown().optional(),
});

/** An account file, checked but still encrypted. `address` is the public key. */
export type Keystore = z.output<typeof keystoreSchema>;

export interface SealOptions {
  genesisBalance?: bigint | undefined;
  scrypt?: ScryptParameters | undefined;
}

/** The text of an account file that contains `seed`, encrypted under `passphrase`. */
export async function sealKeystore(
  seed: Uint8Array,
  passphrase: string,
  { genesisBalance = 0n, scrypt: parameters = defaultScrypt }: SealOptions = {},
): Promise<string> {
  const address = encodeAddress(keyPairFromSeed(seed).publicKey);
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await deriveKey(passphrase, salt, parameters), nonce);
  cipher.setAAD(Buffer.from(address));
  const encrypted = Buffer.concat([cipher.update(seed), cipher.final()]);
  const keystore: z.input<typeof keystoreSchema> = {
    version: keystoreVersion,
    address,
    scrypt: { ...parameters, salt: salt.toString("hex") },
    aes256gcm: {
      nonce: nonce.toString("hex"),
      seed: encrypted.toString("hex"),
      tag: cipher.getAuthTag().toString("hex"),
    },
    genesisBalance: genesisBalance.toString(),
  };
  return `${JSON.stringify(keystore, null, 2)}\n`;
}

/** @throws {CodedError} `DAMAGED_KEYSTORE` with what is wrong. */
export function parseKeystore(text: string): Keystore {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CodedError("DAMAGED_KEYSTORE", "the file is not JSON", { cause: error });
  }
  const result = keystoreSchema.safeParse(value);
  if (!result.success) throw new CodedError("DAMAGED_KEYSTORE", describeIssues(result.error));
  return result.data;
}

/**
 * The seed in the file.
 * @throws {CodedError} `WRONG_PASSPHRASE`; a damaged ciphertext has the same effect.
 */
export async function openKeystore(keystore: Keystore, passphrase: string): Promise<Uint8Array> {
  const { scrypt: parameters, aes256gcm, address } = keystore;
  const key = await deriveKey(passphrase, Buffer.from(parameters.salt, "hex"), parameters);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(aes256gcm.nonce, "hex"));
  decipher.setAAD(Buffer.from(encodeAddress(address)));
  decipher.setAuthTag(Buffer.from(aes256gcm.tag, "hex"));
  let seed: Uint8Array;
  try {
    seed = Buffer.concat([decipher.update(Buffer.from(aes256gcm.seed, "hex")), decipher.final()]);
  } catch (error) {
    throw new CodedError("WRONG_PASSPHRASE", "the passphrase does not open it", { cause: error });
  }
  if (!equalBytes(keyPairFromSeed(seed).publicKey, address)) {
    throw new CodedError("DAMAGED_KEYSTORE", "the key does not belong to the address in the file");
  }
  return new Uint8Array(seed);
}

/** Normalizes to NFC, so that a passphrase typed on another keyboard or system gives the same bytes. */
function deriveKey(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptParameters): Promise<Buffer> {
  // OpenSSL needs 128 * r * (n + p) bytes and a little more.
  const options = { N: n, r, p, maxmem: 128 * r * (n + p) + 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFC"), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
