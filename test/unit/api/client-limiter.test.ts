import { describe, expect, it } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { startFixture } from "./fixture.ts";

describe("ClientLimiter", () => {
  function limiter(startMs = 0) {
    const time = { ms: startMs };
    const clock: Clock = { now: () => time.ms, after: () => () => undefined };
    const rate = { perSecond: 2, burst: 3 };
    return { time, limiter: new ClientLimiter(clock, rate, { perSecond: 1000, burst: 1000 }) };
  }

  it("lets a burst pass, then the rate", () => {
    const { limiter: limited, time } = limiter();
    const ask = () => limited.retryAfterS("10.0.0.1");
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
    expect(limited.retryAfterS("10.0.0.2")).toBe(0);
    time.ms += 500;
    expect([ask(), ask()]).toEqual([0, 1]);
    time.ms += 3_600_000;
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
  });

  it("says when a debt is as large as it gets", () => {
    const { limiter: limited, time } = limiter();
    const charges = [3, 3, 1].map((tokens) => limited.charge("10.0.0.1", tokens));
    expect(charges).toEqual([true, true, false]);
    expect(limited.charge("10.0.0.2", 1)).toBe(true);
    time.ms += 500;
    expect([limited.charge("10.0.0.1", 1), limited.charge("10.0.0.1", 0.5)]).toEqual([true, false]);
    expect(limited.retryAfterS("10.0.0.1")).toBe(2);
  });

  it("survives a clock that is set back", () => {
    const { limiter: limited, time } = limiter(10_000);
    const ask = () => limited.retryAfterS("10.0.0.1");
    expect([ask(), ask(), ask(), ask()]).toEqual([0, 0, 0, 1]);
    time.ms = 0;
    expect(ask()).toBe(1);
    time.ms = 500;
    expect(ask()).toBe(0);
  });

  it("counts the addresses of one IPv6 network together, IPv4 ones apart", () => {
    const { limiter: limited } = limiter();
    for (const host of ["1", "2:3", "ffff:1:2:3"]) {
      const address = host.split(":").length === 4 ? `2001:db8:0:1:${host}` : `2001:db8:0:1::${host}`;
      expect(limited.retryAfterS(address)).toBe(0);
    }
    expect(limited.retryAfterS("2001:db8:0:1::9")).toBe(1);
    expect(limited.retryAfterS("2001:db8:0:2::9")).toBe(0);
    for (let i = 0; i < 4; i++) expect(limited.retryAfterS(`::ffff:10.0.0.${i}`)).toBe(0);
  });

  it("gives programs of this machine a larger quota", () => {
    const { limiter: limited } = limiter();
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      for (let i = 0; i < 1000; i++) expect(limited.retryAfterS(address)).toBe(0);
    }
  });

  it("answers 429 with Retry-After to a client above its rate", async () => {
    const node = await startFixture({ limits: { localRate: { perSecond: 1, burst: 2 } } });
    const answers = [
      await node.get("/v1/status"),
      await node.get("/v1/status"),
      await node.get("/v1/status"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.body.code).toBe("RATE_LIMITED");
    expect(answers[2]?.headers.get("retry-after")).toBe("1");
    // Each request that is refused costs its client a connection.
    expect(answers.map(({ headers }) => headers.get("connection"))).toEqual([
      "keep-alive",
      "keep-alive",
      "close",
    ]);
    await node.close();
  });
});
