import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeNetworkKey, readNetworkKey } from "../../../src/config/network-key.ts";
import { temporaryFolder } from "../support/database.ts";

const hex = "0123456789abcdef".repeat(4);

async function read(text: string): Promise<Uint8Array> {
  const file = join(await temporaryFolder(), "network.key");
  writeFileSync(file, text);
  return readNetworkKey(file);
}

test("each key that is made is another one, and is read again", async () => {
  const [one, two] = await Promise.all([makeNetworkKey(), makeNetworkKey()].map(read));
  expect(one!.length).toBe(32);
  expect(one).not.toEqual(two);
});

test("reads the format of libp2p's pre-shared keys, with the line ends of Windows too", async () => {
  const text = `/key/swarm/psk/1.0.0/\n/base16/\n${hex}\n`;
  for (const each of [
    text,
    text.replaceAll("\n", "\r\n"),
    text.trim(),
    text.toUpperCase().replace(/^.*\n.*\n/, text.slice(0, 31)),
  ])
    expect(Buffer.from(await read(each)).toString("hex")).toBe(hex);
});

test.each([
  ["nothing", ""],
  ["hex alone", hex],
  ["another format", `/key/swarm/psk/2.0.0/\n/base16/\n${hex}`],
  ["another base", `/key/swarm/psk/1.0.0/\n/base64/\n${hex}`],
  ["a short key", `/key/swarm/psk/1.0.0/\n/base16/\n${hex.slice(1)}`],
  ["more", `/key/swarm/psk/1.0.0/\n/base16/\n${hex}\n${hex}`],
])("refuses %s", async (_what, text) => {
  await expect(read(text)).rejects.toMatchObject({ code: "BAD_NETWORK_KEY" });
});

test("refuses a file that is not there", () => {
  expect(() => readNetworkKey("/nowhere/network.key")).toThrow(
    "cannot read the network key /nowhere/network.key",
  );
});
