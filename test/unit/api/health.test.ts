import { expect, it } from "vitest";
import type { DiagnosisBody } from "../../../src/api/index.ts";
import { startFixture } from "./fixture.ts";

async function health(diagnosis: Partial<DiagnosisBody>, mode = "ready") {
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

it.each<[string, Partial<DiagnosisBody>, string | undefined, string, string]>([
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

it("says why it is not ready", async () => {
  const { ready503 } = await health({ state: "halted", summary: "at height 7, the next block is 9 s late" });
  expect(ready503).toMatchObject({
    status: 503,
    body: { detail: "halted: at height 7, the next block is 9 s late" },
  });
});
