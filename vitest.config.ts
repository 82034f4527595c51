import { defineConfig } from "vitest/config";
import { EvenShards } from "./test/e2e/sequencer.ts";

/** Ends what hangs, on a machine whose cores other tests want too. */
const hangMs = 180_000;
const limits = { testTimeout: hangMs, hookTimeout: hangMs, expect: { poll: { timeout: hangMs / 2 } } };

/** `unit` and `contract` test parts, on loopback at most; `sim` runs many nodes in simulated time; `e2e` starts whole nodes, `browser` looks at one with Chromium. */
export default defineConfig({
  test: {
    sequence: { sequencer: EvenShards },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,fuzz}/**/*.test.{ts,tsx}"],
          globalSetup: "test/page.ts",
          // The files share the modules that they test: loading them took a third of the time.
          isolate: false,
          ...limits,
        },
      },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          isolate: false,
          ...limits,
        },
      },
      { test: { name: "sim", include: ["test/sim/**/*.test.ts"], testTimeout: 300_000 } },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/page.ts", "test/e2e/harness/compile-cache.ts"],
          fileParallelism: false,
          ...limits,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/page.ts", "test/e2e/harness/compile-cache.ts"],
          // Nodes of several files would compete for the cores, and time is what these tests measure.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
