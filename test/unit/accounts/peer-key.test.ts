import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadPeerKey } from "../../../src/accounts/index.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ccoin-peer-"));
  path = join(folder, "node-1", "peer.key");
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("loadPeerKey", () => {
  it("makes a key once, for its owner only", async () => {
    const key = await loadPeerKey(path);
    expect(key).toHaveLength(32);
    expect(await loadPeerKey(path)).toEqual(key);
    expect(readFileSync(path, "utf8")).toBe(`${Buffer.from(key).toString("hex")}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("returns the same key if several ask at once", async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, () => loadPeerKey(path)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
  });

  it.each(["", "zz", "ab".repeat(31), "ab".repeat(33)])(
    "refuses a damaged one and leaves it: %j",
    async (text) => {
      await loadPeerKey(path);
      writeFileSync(path, text);
      await expect(loadPeerKey(path)).rejects.toMatchObject({
        code: "DAMAGED_PEER_KEY",
        message: expect.stringContaining(path),
      });
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  it("says what a damaged file holds, once", async () => {
    await loadPeerKey(path);
    for (const text of [`z${"ab".repeat(32)}`, `${"ab".repeat(32)}z`]) {
      writeFileSync(path, text);
      await expect(loadPeerKey(path)).rejects.toThrow(/^\S+ does not hold 32 bytes/);
    }
    writeFileSync(path, ` ${"AB".repeat(32)}\n`);
    expect(await loadPeerKey(path)).toEqual(new Uint8Array(32).fill(0xab));
  });

  it("names the file that it cannot read or write", async () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(folder, "file"), "");
    // No folder can be made in the last one.
    for (const file of [path, join(folder, "file", "node-1", "peer.key"), "/proc/no-such/peer.key"])
      await expect(loadPeerKey(file)).rejects.toMatchObject({
        code: "PEER_KEY",
        message: expect.stringContaining(`cannot use ${file}`),
      });
  });
});
