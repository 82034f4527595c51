import { expect, it } from "vitest";
import type { DiagnosisBody, StatusBody } from "../../../src/api/index.ts";
import { ManualClock } from "../support/clock.ts";
import { startFixture } from "./fixture.ts";

async function health(diagnosis: Partial<DiagnosisBody>, mode: StatusBody["mode"] = "ready") {
  const body = { state: "ok", summary: "at height 1", findings: [], ...diagnosis } as DiagnosisBody;
  const node = await startFixture({ consensus: () => ({ diagnosis: () => body }) });
  try {
    node.mode.mode = mode;
    const [live, ready] = await Promise.all([node.get("/health/live"), node.get("/health/ready")]);
    return {
      live: live.body.code ?? live.body.status,
      ready: ready.body.code ?? ready.body.status,
      ready503: ready,
    };
  } finally {
    await node.close();
  }
}

it.each<[string, Partial<DiagnosisBody>, StatusBody["mode"] | undefined, string, string]>([
  ["all is well", {}, undefined, "live", "ready"],
  ["a block is late", { state: "waiting" }, undefined, "live", "ready"],
  ["the head is stale", { state: "halted" }, undefined, "live", "NOT_READY"],
  ["a better chain is downloaded", { state: "syncing" }, "boot", "live", "NOT_READY"],
  [
    "the disk is full",
    { state: "halted", findings: [{ code: "WRITE_FAILED", detail: "no space left", remedy: "make room" }] },
    undefined,
    "WRITE_FAILED",
    "NOT_READY",
  ],
])("%s", async (_, diagnosis, mode, live, ready) => {
  expect(await health(diagnosis, mode)).toMatchObject({ live, ready });
});

it("gives the reason if it is not ready", async () => {
  const { ready503 } = await health({ state: "halted", summary: "at height 7, the next block is 9 s late" });
  expect(ready503).toMatchObject({
    status: 503,
    body: { detail: "halted: at height 7, the next block is 9 s late" },
  });
});

it("GET /metrics answers with the text of the registry, in its own form, which is made once a second at most", async () => {
  const contentType = "text/plain; version=0.0.4; charset=utf-8";
  const clock = new ManualClock();
  let scrapes = 0;
  const node = await startFixture({
    clock,
    consensus: () => ({ metrics: { contentType, text: async () => `ccoin_scrapes ${++scrapes}\n` } }),
  });
  const scrape = async () => {
    const answer = await fetch(`${node.server.url}/metrics`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, contentType]);
    return answer.text();
  };
  expect(await Promise.all([scrape(), scrape()])).toEqual(["ccoin_scrapes 1\n", "ccoin_scrapes 1\n"]);
  await clock.advance(1_000);
  expect(await scrape()).toBe("ccoin_scrapes 2\n");
  await node.close();
});
