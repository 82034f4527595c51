/** Bytes as `0x` followed by lower-case hex digits. */
export type Hex = string;

/** The error of an argument or a node's answer that cannot be used. `code` is stable. */
export class ClientError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export function toHex(bytes: Uint8Array): Hex {
  let hex = "0x";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/** Decodes hex digits; `length` is the required number of bytes, if there is one. @throws {ClientError} `MALFORMED` */
export function fromHex(hex: Hex, length?: number): Uint8Array<ArrayBuffer> {
  if (typeof hex !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(hex)) malformed(`not hex: ${shown(hex)}`);
  if (length !== undefined && hex.length !== 2 + 2 * length) malformed(`not ${length} bytes: ${shown(hex)}`);
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = Number.parseInt(hex.slice(2 + 2 * at, 4 + 2 * at), 16);
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function concatBytes(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** @throws {ClientError} `MALFORMED` */
export function malformed(message: string): never {
  throw new ClientError("MALFORMED", message);
}

/** Shortens any value for use in a message. */
export function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 80);
}
