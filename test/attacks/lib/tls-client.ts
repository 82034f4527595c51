import { createCipheriv, createHmac } from "node:crypto";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

const cipher = "TLS_AES_128_GCM_SHA256";
const types = { handshake: 22, applicationData: 23 };
/** Asks the other side for new keys too (RFC 8446, 4.6.3). */
const keyUpdate = Buffer.from([24, 0, 0, 1, 1]);

/** A client that has made its handshake by the rules, and from then on makes its records itself (RFC 8446, 5.2). */
export interface TlsClient {
  socket: Socket;
  /** HTTP in one record. */
  text(text: string): Buffer;
  newKeys(): Buffer;
}

/** @throws if there is no handshake */
export async function tlsClient(socket: Socket): Promise<TlsClient> {
  const beneath = new Duplex({
    read: () => undefined,
    write: (bytes, _encoding, done) => void socket.write(bytes, done),
  });
  socket.on("data", (bytes) => beneath.push(bytes));
  socket.on("close", () => beneath.destroy());
  const secure = connectTls({ socket: beneath, rejectUnauthorized: false, ciphers: cipher });
  let secret: Buffer = Buffer.alloc(0);
  secure.on("keylog", (line) => {
    const [name, , value] = line.toString().trim().split(" ");
    if (name === "CLIENT_TRAFFIC_SECRET_0") secret = Buffer.from(value!, "hex");
  });
  await new Promise<void>((resolve, reject) => {
    secure.once("secureConnect", resolve).once("error", reject);
    secure.once("close", () => reject(new Error("closed during the handshake")));
  });
  secure.on("error", () => undefined).resume();
  let records = recordsBy(secret);
  return {
    socket,
    text: (text) => records(types.applicationData, Buffer.from(text)),
    newKeys: () => {
      const record = records(types.handshake, keyUpdate);
      secret = expand(secret, "traffic upd", 32);
      records = recordsBy(secret);
      return record;
    },
  };
}

function recordsBy(secret: Buffer): (type: number, bytes: Buffer) => Buffer {
  const [key, iv] = [expand(secret, "key", 16), expand(secret, "iv", 12)];
  const low = iv.readUInt32BE(8);
  let number = 0;
  return (type, bytes) => {
    iv.writeUInt32BE((low ^ number++) >>> 0, 8);
    const header = Buffer.from([types.applicationData, 3, 3, 0, 0]);
    header.writeUInt16BE(bytes.length + 1 + 16, 3);
    const encrypting = createCipheriv("aes-128-gcm", key, iv).setAAD(header);
    const encrypted = [encrypting.update(bytes), encrypting.update(Buffer.from([type])), encrypting.final()];
    return Buffer.concat([header, ...encrypted, encrypting.getAuthTag()]);
  };
}

/** HKDF-Expand-Label without a context (RFC 8446, 7.1), for one block of SHA-256 or less. */
function expand(secret: Buffer, label: string, bytes: number): Buffer {
  const full = `tls13 ${label}`;
  const info = Buffer.concat([Buffer.from([0, bytes, full.length]), Buffer.from(full), Buffer.from([0, 1])]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, bytes);
}
