import { expect, it } from "vitest";
import { helloState } from "../../../src/api/secure-port.ts";

/** A record that holds a ClientHello of `length` bytes, or the beginning of it. */
function hello(length: number, recordLength = length + 4): Buffer {
  const bytes = Buffer.alloc(5 + recordLength);
  bytes.writeUInt8(22, 0);
  bytes.writeUInt16BE(0x0301, 1);
  bytes.writeUInt16BE(recordLength, 3);
  bytes.writeUInt8(1, 5);
  bytes.writeUIntBE(length, 6, 3);
  return bytes;
}

function withByte(at: number, value: number): Buffer {
  const bytes = hello(100);
  bytes[at] = value;
  return bytes;
}

it.each([
  ["nothing", Buffer.alloc(0), "incomplete"],
  ["the first byte", Buffer.from([22]), "incomplete"],
  ["a whole hello", hello(100), "complete"],
  ["a hello and more", Buffer.concat([hello(100), Buffer.from("x")]), "complete"],
  ["a hello without its last byte", hello(100).subarray(0, -1), "incomplete"],
  ["a hello whose message goes on in another record", hello(200, 104), "refused"],
  ["a hello that is too long", hello(17_000), "refused"],
  ["another message", withByte(5, 2), "refused"],
  ["a record of another type", withByte(0, 21), "other"],
  ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "other"],
])("tells %s", (_, bytes, state) => {
  expect(helloState(bytes)).toBe(state);
});
