import { defineConfig } from "vitest/config";
import { EvenShards } from "./test/e2e/sequencer.ts";

/** Ends what hangs, on a machine whose cores other tests want too. */
const hangMs = 180_000;
const limits = { testTimeout: hangMs, hookTimeout: hangMs, expect: { poll: { timeout: hangMs / 2 } } };

/**
 * Node.js itself loads the files, which starts sooner and runs faster than code that Vite has transformed, and the
 * files of a project share one process and its modules. The large young generation saves half of the garbage
 * collector's time.
 */
const native = {
  experimental: { viteModuleRunner: false, nodeLoader: false },
  isolate: false,
  execArgv: ["--max-semi-space-size=64"],
};
/** Unit tests that import JSX or replace modules, which Node.js cannot. */
const transformed = ["test/unit/explorer/*.test.ts", "test/unit/chain/vote-cost.test.ts"];

/**
 * `unit`, `transformed` and `contract` test parts, on loopback at most; `sim` runs many nodes in simulated time; `e2e`
 * starts whole nodes, `browser` looks at one with Chromium.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: EvenShards },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{unit,fuzz}/**/*.test.ts"],
          exclude: transformed,
          globalSetup: "scripts/make-page-for-tests.ts",
          ...native,
          ...limits,
        },
      },
      { test: { name: "transformed", include: transformed, ...limits } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          ...native,
          ...limits,
        },
      },
      { test: { name: "sim", include: ["test/sim/**/*.test.ts"], ...native, testTimeout: 300_000 } },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["scripts/make-page-for-tests.ts", "test/e2e/harness/compile-cache.ts"],
          fileParallelism: false,
          ...native,
          ...limits,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["scripts/make-page-for-tests.ts", "test/e2e/harness/compile-cache.ts"],
          // Nodes of several files would compete for the cores, and time is what these tests measure.
          fileParallelism: false,
          ...native,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
