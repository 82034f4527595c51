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
    requests.push({ bytes: httpPost(body, format), transactions: part.length });
  }
  return requests;
}

function httpPost(body: Buffer, format: Format): Buffer {
  const type = format === "ssz" ? "application/octet-stream" : "application/json";
  const head = `POST /v1/transactions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
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
