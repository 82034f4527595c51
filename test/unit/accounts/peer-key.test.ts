import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
});
