import { expect, test } from "vitest";
import type { AnyProtocol } from "../../../protocols/index.ts";
import * as all from "../../../protocols/index.ts";
import { allProtocols } from "./all-protocols.ts";

test("every descriptor is exported, under its own id", () => {
  const exported = Object.values(all).filter(
    (value) => typeof value === "object" && value !== null && "quota" in value,
  );
  expect(new Set(exported)).toEqual(new Set(allProtocols));
  expect(new Set(allProtocols.map(({ id }) => id)).size).toBe(allProtocols.length);
});

test.each(allProtocols.map((protocol): [string, AnyProtocol] => [protocol.id, protocol]))(
  "%s",
  (id, protocol) => {
    expect(id).toMatch(/^\/ccoin\/[a-z-]+\/1$/);
    expect(protocol.maxRequestBytes).toBeGreaterThanOrEqual(protocol.request.minSize);
    expect(protocol.maxRequestBytes).toBeLessThan(2 ** 20);
    expect(protocol.maxResponseBytes).toBeGreaterThanOrEqual(protocol.response.minSize);
    expect(protocol.maxResponseBytes).toBeLessThan(2 ** 28);
    expect(protocol.maxTotalBytes).toBeGreaterThanOrEqual(protocol.maxResponseBytes);
    expect(protocol.maxTotalBytes).toBeLessThanOrEqual(protocol.maxChunks * protocol.maxResponseBytes);
    expect(protocol.timeoutMs).toBeGreaterThanOrEqual(1_000);
    expect(protocol.quota.requests).toBeGreaterThan(1);
    expect(protocol.quota.perMs).toBeGreaterThan(0);
  },
);
