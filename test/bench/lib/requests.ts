import { toHex } from "../../../src/util/bytes.ts";
import type { Presigned } from "./presign.ts";
import { placeOf, senderAddresses } from "./senders.ts";
import { sszList } from "./ssz-list.ts";

/** The form of a request: one JSON object, a JSON array, or an SSZ list. */
export type Format = "json-single" | "json-array" | "ssz";

/** A complete HTTP request, which is made before the measurement starts. */
export interface PostRequest {
  bytes: Buffer;
  transactions: number;
}

/** Makes the requests that post these transactions, `perRequest` in each. */
export function buildRequests(
  presigned: Presigned,
  format: Format,
  indexes: readonly number[],
  perRequest: number,
): PostRequest[] {
  const addresses = format === "ssz" ? [] : senderAddresses(presigned.senders);
  const requests: PostRequest[] = [];
  for (let start = 0; start < indexes.length; start += perRequest) {
    const part = indexes.slice(start, start + perRequest);
    const body =
      format === "ssz" ? sszList(part.map(presigned.encoded)) : jsonBody(part, presigned, addresses, format);
    const type = format === "ssz" ? "application/octet-stream" : "application/json";
    const bytes = httpPost("/v1/transactions", { "content-type": type }, body);
    requests.push({ bytes, transactions: part.length });
  }
  return requests;
}

/** Makes a complete HTTP request to this machine. */
export function httpPost(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const all = { host: "127.0.0.1", ...headers, "content-length": body.length };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`), body]);
}

function jsonBody(
  indexes: readonly number[],
  presigned: Presigned,
  addresses: readonly string[],
  format: Format,
): Buffer {
  const texts = indexes.map((index) => {
    const { from, to, nonce } = placeOf(index, presigned.senders);
    const signature = toHex(presigned.encoded(index).subarray(4, 68));
    return `{"from":"${addresses[from]}","to":"${addresses[to]}","amount":"1","fee":"1","nonce":${nonce},"signature":"${signature}"}`;
  });
  return Buffer.from(format === "json-single" ? texts[0]! : `[${texts.join(",")}]`);
}
